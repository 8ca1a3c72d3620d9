#' The lift studies of a job as Robyn's calibration input
#'
#' Robyn names the channels of a study by their spend columns, joined with `+`.
#'
#' @param job A list of [read_job()].
#' @return A data frame, one row a study; `NULL` where there is none.
#' @noRd
calibration_of <- function(job) {
  studies <- job$calibration
  if (length(studies) == 0) {
    return(NULL)
  }
  organic <- names_of(job$organic)
  columns <- c(spend_columns(job), stats::setNames(organic, organic))
  number <- function(name) vapply(studies, function(study) as.numeric(study[[name]]), 0)
  data.frame(
    channel = vapply(studies, function(study) {
      paste(columns[unlist(study$channels)], collapse = "+")
    }, ""),
    liftStartDate = as.Date(field_of(studies, "start")),
    liftEndDate = as.Date(field_of(studies, "end")),
    liftAbs = number("lift"), spend = number("spend"), confidence = number("confidence"),
    metric = "target", calibration_scope = field_of(studies, "scope")
  )
}
