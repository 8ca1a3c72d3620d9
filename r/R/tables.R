#' The tables of a run, in the columns of the archive
#'
#' @param input An InputCollect of [mmmr_input()].
#' @param models OutputModels of [mmmr_models()].
#' @param outputs OutputCollect of [mmmr_outputs()].
#' @return A named list of data frames: `candidates` (all, in the order tried), `coefficients` (of
#'   all), `decomposition` (of the candidates on kept fronts), `clusters`, `cluster_intervals`,
#'   `model_input`; and `notes`, a character vector.
#' @export
mmmr_tables <- function(input, models, outputs) {
  job <- job_of(input)
  tables <- list(
    candidates = candidate_table(job, outputs),
    coefficients = coefficient_table(job, outputs$allPareto$xDecompAgg),
    decomposition = decomposition_table(job, outputs$xDecompAgg),
    clusters = cluster_table(outputs),
    cluster_intervals = interval_table(job, outputs),
    model_input = model_input_table(job, input)
  )
  check_complete(job, tables)
  c(tables, list(notes = or_else(attr(outputs, "notes"), character())))
}

candidate_table <- function(job, outputs) {
  found <- as.data.frame(outputs$allPareto$resultHypParam)
  of_hyperparameters <- found[hyperparameter_names(job)]
  kept <- found$solID %in% outputs$allSolutions
  clusters <- as.data.frame(outputs$resultHypParam)
  in_cluster <- if ("cluster" %in% names(clusters)) {
    clusters$cluster[match(found$solID, clusters$solID)]
  } else {
    rep(NA_integer_, nrow(found))
  }
  data.frame(
    candidate = found$solID, trial = as.integer(found$trial),
    iteration = as.integer(found$iterNG), worker = as.integer(found$iterPar),
    of_hyperparameters,
    train_size = found$train_size, lambda_hp = found$lambda_hp, lambda = found$lambda,
    nrmse = found$nrmse, as_doubles(found[c(
      "nrmse_train", "nrmse_val", "nrmse_test", "rsq_train", "rsq_val", "rsq_test"
    )]),
    decomp_rssd = found$decomp.rssd, mape = found$mape,
    pareto_front = zero_for_na(ifelse(kept, found$robynPareto, 0)),
    cluster = zero_for_na(in_cluster),
    check.names = FALSE
  )
}

coefficient_table <- function(job, agg) {
  data.frame(candidate = agg$solID, variable = agg$rn, coefficient = as.numeric(agg$coef))
}

decomposition_table <- function(job, agg) {
  roles <- variables_of(job)
  role <- roles$role[match(agg$rn, roles$variable)]
  role[agg$rn == "(Intercept)"] <- "intercept"
  paid <- role == "paid"
  only_paid <- function(values) ifelse(paid, as.numeric(values), NaN)
  data.frame(
    candidate = agg$solID, variable = agg$rn, role = role, coefficient = as.numeric(agg$coef),
    contribution = agg$xDecompAgg, contribution_share = agg$xDecompPerc,
    spend = only_paid(agg$total_spend), spend_share = only_paid(agg$spend_share),
    effect_share = only_paid(agg$effect_share),
    roas = only_paid(agg$xDecompAgg / agg$total_spend),
    cpa = only_paid(agg$total_spend / agg$xDecompAgg)
  )
}

cluster_table <- function(outputs) {
  if (is.null(outputs$clusters)) {
    note <- paste(attr(outputs, "notes"), collapse = "; ")
    return(data.frame(cluster = 0L, candidate = "", size = 0L, note = note))
  }
  winners <- as.data.frame(outputs$clusters$models)
  winners <- winners[order(winners$cluster), ]
  sizes <- table(factor(outputs$clusters$data$cluster, winners$cluster))
  with_intervals <- winners$cluster %in% outputs$clusters$df_cluster_ci$cluster
  data.frame(
    cluster = as.integer(winners$cluster), candidate = winners$solID, size = as.integer(sizes),
    note = ifelse(with_intervals, "", "no intervals: fewer than 3 different models")
  )
}

interval_table <- function(job, outputs) {
  found <- as.data.frame(outputs$clusters$df_cluster_ci)
  if (nrow(found) == 0) {
    found <- data.frame(
      cluster = integer(), rn = character(), boot_mean = double(), boot_se = double(),
      ci_low = double(), ci_up = double(), n = integer()
    )
  }
  found <- found[order(found$cluster, match(found$rn, names_of(job$channels))), ]
  efficiency <- if (job$target_type == "revenue") "roas" else "cpa"
  data.frame(
    cluster = as.integer(found$cluster), channel = found$rn,
    efficiency = rep(efficiency, nrow(found)), mean = found$boot_mean,
    standard_error = found$boot_se, low = found$ci_low, high = found$ci_up,
    n = as.integer(found$n)
  )
}

model_input_table <- function(job, input) {
  table <- as.data.frame(input$dt_mod)
  variables <- as_doubles(table[variables_of(job)$variable])
  data.frame(
    date = as.Date(table$ds), target = as.numeric(table$dep_var), variables, check.names = FALSE
  )
}

#' Every candidate and every variable must be there, once
#' @noRd
check_complete <- function(job, tables) {
  wanted <- job$iterations * job$trials
  variables <- nrow(variables_of(job)) + 1
  candidates <- nrow(tables$candidates)
  coefficients <- nrow(tables$coefficients)
  if (candidates != wanted || anyDuplicated(tables$candidates$candidate) > 0) {
    stop(sprintf("Robyn returned %d candidates, not %d", candidates, wanted), call. = FALSE)
  }
  if (coefficients != wanted * variables || anyNA(tables$decomposition$role)) {
    stop(sprintf(
      "Robyn returned %d coefficients, not %d variables of %d candidates",
      coefficients, variables, wanted
    ), call. = FALSE)
  }
}

zero_for_na <- function(numbers) {
  numbers <- as.integer(numbers)
  numbers[is.na(numbers)] <- 0L
  numbers
}

as_doubles <- function(table) {
  table[] <- lapply(table, function(column) as.numeric(unlist(column)))
  rownames(table) <- NULL
  table
}
