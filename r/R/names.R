# Robyn finds its own columns by these substrings.
robyn_words <- c(
  "thetas", "shapes", "scales", "alphas", "gammas", "penalty", "inflexion", "inflation"
)

# Columns of prophet's forecast; Robyn adds up all that begin with the name of a factor.
forecast_columns <- c(
  "ds", "trend", "yearly", "weekly", "monthly", "daily", "holidays", "yhat", "additive_terms",
  "multiplicative_terms", "extra_regressors_additive", "extra_regressors_multiplicative"
)

#' What Robyn would misread in the names of a job's variables
#'
#' @param job A list of [read_job()].
#' @return Character vector, one sentence a problem; empty where there is none.
#' @noRd
name_problems <- function(job) {
  names <- c(names_of(job$context), names_of(job$channels), names_of(job$organic))
  unsafe <- names[!grepl("^[A-Za-z][A-Za-z0-9._]*$", names)]
  taken <- names[grepl(paste(robyn_words, collapse = "|"), names) | grepl("_MD[IC]$", names)]
  factors <- names_of(Filter(function(item) isTRUE(item$factor), job$context))
  swallowing <- factors[vapply(factors, function(name) {
    any(startsWith(c(forecast_columns, setdiff(factors, name)), name))
  }, NA)]
  c(
    sprintf("%s: Robyn wants letters, digits, . and _, a letter first; rename it", unsafe),
    sprintf("%s: holds a word that Robyn keeps for its own columns; rename it", taken),
    sprintf(
      "%s: Robyn adds up all of prophet's columns that begin with a factor's name; rename it",
      swallowing
    )
  )
}
