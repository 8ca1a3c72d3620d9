#' Search one trial
#'
#' What `robyn_run()` does in its loop for trial number `trial`: the same seed, the same candidates,
#' the same ids, so trials may run in processes of their own. One core: with more, Robyn forks at
#' every iteration, which is slower and another search.
#'
#' @param input An InputCollect of [mmmr_input()].
#' @param trial Number of the trial, from 1.
#' @param file Where the candidates are saved, for [mmmr_models()].
#' @return A list: `candidates`, how many were tried.
#' @export
mmmr_trial <- function(input, trial, file) {
  job <- job_of(input)
  hyper <- collected_hyperparameters(input)
  input$hyper_updated <- hyper$hyper_list_all
  output <- Robyn::robyn_mmm(
    InputCollect = input, hyper_collect = hyper, iterations = as.integer(job$iterations),
    cores = 1L, nevergrad_algo = job$optimizer, intercept = job$intercept,
    intercept_sign = job$intercept_sign, ts_validation = job$ts_validation,
    add_penalty_factor = job$penalty_factors, objective_weights = job$objective_weights,
    rssd_zero_penalty = job$rssd_zero_penalty, trial = as.integer(trial),
    # Robyn seeds nevergrad only with an integer; quiet = TRUE stops with an error.
    seed = trial_seed(job, trial), quiet = FALSE
  )
  tried <- nrow(output$resultCollect$resultHypParam)
  # After an error Robyn returns what it has, with a warning.
  if (tried != job$iterations) {
    stop(sprintf(
      "trial %d ended after %d of %d candidates; the lines above say why",
      trial, tried, job$iterations
    ), call. = FALSE)
  }
  output$trial <- as.integer(trial)
  saveRDS(output, file)
  list(candidates = tried)
}

#' Put the trials of a run together
#'
#' @param input An InputCollect of [mmmr_input()].
#' @param files Files of [mmmr_trial()], in the order of the trials.
#' @return Robyn's OutputModels, as `robyn_run()` returns it for all trials.
#' @export
mmmr_models <- function(input, files) {
  job <- job_of(input)
  trials <- lapply(files, readRDS)
  numbers <- vapply(trials, function(trial) trial$trial, 1L)
  if (!identical(numbers, seq_len(job$trials))) {
    stop(sprintf(
      "the job has %d trials, the files hold: %s", job$trials, paste(numbers, collapse = ", ")
    ), call. = FALSE)
  }
  names(trials) <- paste0("trial", numbers)
  hyper <- collected_hyperparameters(input)
  models <- c(trials, list(
    train_timestamp = Sys.time(), cores = 1L, iterations = as.integer(job$iterations),
    trials = as.integer(job$trials), intercept = job$intercept,
    intercept_sign = job$intercept_sign, nevergrad_algo = job$optimizer,
    ts_validation = job$ts_validation, add_penalty_factor = job$penalty_factors,
    hyper_updated = hyper$hyper_list_all, hyper_fixed = hyper$all_fixed
  ))
  attr(models, "hyper_fixed") <- hyper$all_fixed
  attr(models, "refresh") <- FALSE
  models$convergence <- Robyn::robyn_converge(models)
  models$ts_validation_plot <- Robyn::ts_validation(models)
  models$seed <- as.integer(job$seed)
  minutes <- vapply(trials, function(trial) trial$resultCollect$elapsed.min[[1]], 0)
  structure(
    models,
    runTime = as.difftime(round(sum(minutes), 2), units = "mins"),
    class = c("robyn_models", "list")
  )
}

trial_seed <- function(job, trial) {
  seed <- job$seed + trial
  if (seed > .Machine$integer.max) {
    stop(sprintf("seed: %s + %d trials is more than R can seed", job$seed, trial), call. = FALSE)
  }
  as.integer(seed)
}

collected_hyperparameters <- function(input) {
  job <- job_of(input)
  collect <- utils::getFromNamespace("hyper_collector", "Robyn")
  collect(
    input,
    hyper_in = input$hyperparameters, ts_validation = job$ts_validation,
    add_penalty_factor = job$penalty_factors, dt_hyper_fixed = NULL, cores = 1
  )
}
