#' The job, as Python writes it, as a list
#'
#' Lists of mappings become lists of lists; lists of plain values become vectors. A key without a
#' value is `NULL`.
#'
#' @param job_json One string: the JSON of the job's values, and under `hyperparameters` the range
#'   of each media hyperparameter, `{name: [low, high]}`.
#' @return A named list with the job's keys.
#' @noRd
read_job <- function(job_json) {
  job <- jsonlite::fromJSON(job_json, simplifyVector = FALSE)
  plain <- c("prophet", "window", "objective_weights", "train_size", "lambda_range")
  job[plain] <- lapply(job[plain], unlist)
  job$hyperparameters <- lapply(job$hyperparameters, unlist)
  for (group in c("channels", "organic", "context")) {
    job[[group]] <- lapply(job[[group]], function(item) {
      item$column <- or_else(item$column, item$name)
      item
    })
  }
  job
}

or_else <- function(value, default) {
  if (is.null(value)) default else value
}

#' One field of each mapping in a list; `NULL` where there is none, as Robyn wants it
#' @noRd
field_of <- function(items, name) {
  if (length(items) == 0) NULL else vapply(items, function(item) item[[name]], "")
}

names_of <- function(items) field_of(items, "name")

#' Columns of the design in Robyn's order, with the role each plays
#' @noRd
variables_of <- function(job) {
  names <- list(
    prophet = job$prophet, context = names_of(job$context), paid = names_of(job$channels),
    organic = names_of(job$organic)
  )
  data.frame(
    variable = as.character(unlist(names)),
    role = rep(names(names), lengths(names))
  )
}

#' The job an input was made for
#' @noRd
job_of <- function(input) {
  job <- attr(input, "job")
  if (is.null(job)) {
    stop("this InputCollect was not made by mmmr_input(): it carries no job", call. = FALSE)
  }
  job
}
