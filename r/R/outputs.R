#' Fronts, clusters and decompositions of a run
#'
#' `robyn_outputs()` without its files. Where too few candidates survive Robyn's cuts for its own
#' choice of the number of fronts, the first front is kept and there are no clusters; attribute
#' `notes` says so. Clusters are numbered by the error score of their winners.
#'
#' @param input An InputCollect of [mmmr_input()].
#' @param models OutputModels of [mmmr_models()].
#' @param folder An existing folder for what Robyn may write.
#' @return Robyn's OutputCollect, with what is worth saying as attribute `notes`.
#' @export
mmmr_outputs <- function(input, models, folder) {
  job <- job_of(input)
  fronts <- fronts_wanted(job, all_errors(models))
  outputs <- Robyn::robyn_outputs(
    input, models,
    pareto_fronts = fronts$fronts, min_candidates = job$min_candidates,
    calibration_constraint = job$calibration_constraint, plot_folder = folder,
    clusters = fronts$clusters, csv_out = NULL, plot_pareto = FALSE, export = FALSE,
    quiet = FALSE
  )
  notes <- fronts$note
  if (fronts$clusters && !is.list(outputs$clusters)) {
    notes <- c(notes, clusters_failed(outputs))
    outputs$clusters <- NULL # Robyn leaves the text of the error there and then fails on it
  }
  outputs <- with_ordered_clusters(outputs)
  outputs$plot_folder <- "./"
  attr(outputs, "notes") <- as.character(notes)
  outputs
}

#' Errors of all candidates in the order tried
#' @noRd
all_errors <- function(models) {
  trials <- models[grepl("^trial[0-9]+$", names(models))]
  do.call(rbind, lapply(unname(trials), function(trial) {
    table <- as.data.frame(trial$resultCollect$resultHypParam)
    table[c("nrmse", "decomp.rssd", "mape")]
  }))
}

#' How many fronts Robyn is asked for, and whether clusters make sense
#'
#' @param job A list of [read_job()].
#' @param errors A data frame: `nrmse`, `decomp.rssd`, `mape` of all candidates.
#' @return A list: `fronts` (a number or `"auto"`), `clusters`, `note` (empty, or why not).
#' @noRd
fronts_wanted <- function(job, errors) {
  constraint <- if (length(job$calibration) > 0) job$calibration_constraint else 1
  cuts <- Map(
    stats::quantile, errors[c("nrmse", "decomp.rssd", "mape")], c(0.9, 0.9, constraint),
    na.rm = TRUE
  )
  survivors <- sum(
    errors$nrmse <= cuts$nrmse & errors$decomp.rssd <= cuts$decomp.rssd & errors$mape <= cuts$mape,
    na.rm = TRUE
  )
  if (survivors == 0) {
    stop(
      "no candidate has errors that Robyn can rank: look at the data checks, the window, the signs",
      " and, with calibration, the studies",
      call. = FALSE
    )
  }
  # Robyn stops where exactly min_candidates survive.
  if (job$pareto_fronts > 0 || survivors > job$min_candidates) {
    fronts <- if (job$pareto_fronts > 0) as.integer(job$pareto_fronts) else "auto"
    return(list(fronts = fronts, clusters = TRUE, note = character()))
  }
  list(fronts = 1L, clusters = FALSE, note = sprintf(
    paste(
      "no clusters, and the first Pareto front alone: %d candidates survive Robyn's cuts, its",
      "choice of fronts needs more than %d; search longer or lower min_candidates"
    ),
    survivors, as.integer(job$min_candidates)
  ))
}

#' Why there are no clusters, where Robyn tried
#'
#' It says that memory was short, whatever the reason; usually the candidates are too few.
#' @noRd
clusters_failed <- function(outputs) {
  sprintf(
    "no clusters: Robyn cannot cluster the %d candidates on the fronts (%s)",
    length(outputs$allSolutions),
    trimws(gsub("[[:space:]]+", " ", paste(as.character(outputs$clusters), collapse = " ")))
  )
}

#' Number Robyn's clusters by the error score of their winners, wherever it stores them
#' @noRd
with_ordered_clusters <- function(outputs) {
  clusters <- outputs$clusters
  if (is.null(clusters)) {
    return(outputs)
  }
  winners <- as.data.frame(clusters$models)
  old <- as.integer(as.character(winners$cluster))[order(winners$error_score)]
  renumber <- function(table) {
    if ("cluster" %in% names(table)) {
      table$cluster <- match(as.integer(as.character(table$cluster)), old)
    }
    table
  }
  of_models <- c("resultHypParam", "xDecompAgg", "mediaVecCollect", "xDecompVecCollect")
  of_clusters <- c("data", "df_cluster_ci", "models")
  outputs[of_models] <- lapply(outputs[of_models], renumber)
  outputs$clusters[of_clusters] <- lapply(clusters[of_clusters], renumber)
  if (!is.null(outputs$resultCalibration)) {
    outputs$resultCalibration <- renumber(outputs$resultCalibration)
  }
  outputs
}
