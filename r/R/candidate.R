#' Outputs in which a candidate can be looked at
#'
#' Robyn draws, exports and allocates only what is on a kept front. The best model need not be
#' there; such a candidate is fitted again from its hyperparameters.
#'
#' @return An OutputCollect whose `allSolutions` hold the candidate.
#' @noRd
outputs_with <- function(input, models, outputs, candidate) {
  if (candidate %in% outputs$allSolutions) {
    return(outputs)
  }
  values <- outputs$allPareto$resultHypParam
  values <- values[values$solID == candidate, ]
  if (nrow(values) != 1) {
    stop(sprintf("%s is no candidate of this run", candidate), call. = FALSE)
  }
  refit(input, values)
}

#' Fit one candidate through Robyn's own path for given hyperparameters
#'
#' @param values One row: every hyperparameter, `train_size`, `lambda` (glmnet's own, not between
#'   0 and 1) and the candidate's id in `solID`.
#' @noRd
refit <- function(input, values) {
  job <- job_of(input)
  outputs <- Robyn::robyn_run(
    InputCollect = input, dt_hyper_fixed = values, cores = 1L, trials = 1L, iterations = 1L,
    ts_validation = job$ts_validation, add_penalty_factor = job$penalty_factors,
    intercept = job$intercept, intercept_sign = job$intercept_sign,
    rssd_zero_penalty = job$rssd_zero_penalty, objective_weights = job$objective_weights,
    nevergrad_algo = job$optimizer, seed = as.integer(job$seed), quiet = FALSE,
    export = FALSE, plot_pareto = FALSE, csv_out = NULL
  )
  outputs$plot_folder <- "./"
  outputs
}

#' Fit an exported model again
#'
#' @param input An InputCollect of [mmmr_input()].
#' @param values A named list: every hyperparameter, `train_size` and `lambda` (glmnet's own), as in
#'   `hyper_values` of Robyn's JSON or in our table of candidates.
#' @param candidate Its id.
#' @return A named list of data frames of this one candidate: `candidates` (its errors; `lambda_hp`
#'   is not known), `coefficients`, `decomposition`.
#' @export
mmmr_recreate <- function(input, values, candidate) {
  job <- job_of(input)
  wanted <- c(hyperparameter_names(job), "train_size", "lambda")
  if (length(missing <- setdiff(wanted, names(values))) > 0) {
    stop("no value for ", paste(missing, collapse = ", "), call. = FALSE)
  }
  row <- as.data.frame(lapply(values[wanted], as.numeric), check.names = FALSE)
  row$solID <- candidate
  outputs <- refit(input, row)
  # Robyn puts glmnet's own lambda there when it is given
  candidates <- candidate_table(job, outputs)
  candidates$lambda_hp <- NaN
  list(
    candidates = candidates,
    coefficients = coefficient_table(job, outputs$xDecompAgg),
    decomposition = decomposition_table(job, outputs$xDecompAgg)
  )
}
