#' Draw Robyn's one-pager of a candidate
#'
#' Robyn's own size is 50 megapixels; here it is 2,400 pixels wide.
#'
#' @param input An InputCollect of [mmmr_input()].
#' @param models OutputModels of [mmmr_models()].
#' @param outputs OutputCollect of [mmmr_outputs()].
#' @param candidate Its id, on a front or not.
#' @param folder An existing folder.
#' @return Path of `{candidate}.png`.
#' @export
mmmr_onepager <- function(input, models, outputs, candidate, folder) {
  outputs <- outputs_with(input, models, outputs, candidate)
  pages <- Robyn::robyn_onepagers(
    input, outputs,
    select_model = candidate, quiet = FALSE, export = FALSE
  )
  file <- file.path(folder, paste0(candidate, ".png"))
  ggplot2::ggsave(file, pages[[candidate]], width = 17, height = 19, dpi = 141, limitsize = FALSE)
  file
}

#' Export a candidate as Robyn's JSON
#'
#' @inheritParams mmmr_onepager
#' @param data Whether the raw data go into the file.
#' @return Path of `RobynModel-{candidate}.json`.
#' @export
mmmr_export <- function(input, models, outputs, candidate, folder, data = FALSE) {
  outputs <- outputs_with(input, models, outputs, candidate)
  written <- Robyn::robyn_write(
    input, outputs,
    select_model = candidate, dir = folder, add_data = data, quiet = FALSE
  )
  attr(written, "json_file")
}

#' Save Robyn's own objects
#'
#' Without their figures, which drag copies of the data along and can be drawn again.
#'
#' @inheritParams mmmr_onepager
#' @return Paths of `InputCollect.RDS` and `OutputModels.RDS`.
#' @export
mmmr_save <- function(input, models, folder) {
  input$ExposureCollect$plot_spend_exposure <- NULL
  models$ts_validation_plot <- NULL
  figures <- vapply(models$convergence, inherits, NA, what = "gg")
  models$convergence <- models$convergence[!figures]
  files <- file.path(folder, c("InputCollect.RDS", "OutputModels.RDS"))
  saveRDS(input, files[1])
  saveRDS(models, files[2])
  files
}

#' Versions of what computes the numbers
#'
#' @return A named character vector.
#' @export
mmmr_versions <- function() {
  packages <- c("Robyn", "reticulate", "glmnet", "prophet", "nloptr", "lares")
  versions <- vapply(packages, function(name) as.character(utils::packageVersion(name)), "")
  c(R = as.character(getRversion()), versions)
}
