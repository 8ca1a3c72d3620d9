#' Ranges of the search as Robyn takes them
#'
#' One value fixes a hyperparameter. Which of lambda and the train size Robyn puts first in its
#' search vector depends on which of them it is given: lambda is left out where its range is Robyn's
#' own, 0 to 1, as the native engine does it.
#'
#' @param job A list of [read_job()].
#' @return A named list of numeric vectors of length 1 or 2.
#' @noRd
hyperparameters_of <- function(job) {
  ranges <- job$hyperparameters
  if (!identical(as.numeric(job$lambda_range), c(0, 1))) ranges$lambda <- job$lambda_range
  if (isTRUE(job$ts_validation)) ranges$train_size <- job$train_size
  lapply(ranges, function(range) unique(as.numeric(range)))
}

#' Names of all hyperparameters of a candidate, in the order of our tables
#' @noRd
hyperparameter_names <- function(job) {
  penalties <- if (isTRUE(job$penalty_factors)) paste0(variables_of(job)$variable, "_penalty")
  c(sort(names(job$hyperparameters), method = "radix"), penalties)
}
