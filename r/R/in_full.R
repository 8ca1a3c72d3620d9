#' Candidates in full: over time, and as response functions
#'
#' From `robyn_response()` of every medium. Spend is per period and in units of money, also where a
#' channel is modelled on its exposure.
#'
#' @param input An InputCollect of [mmmr_input()].
#' @param models OutputModels of [mmmr_models()].
#' @param outputs OutputCollect of [mmmr_outputs()].
#' @param candidates Ids, on a front or not.
#' @return A named list of data frames: `decomposition`, `decomposition_over_time`, `channels`,
#'   `response_curves`.
#' @export
mmmr_in_full <- function(input, models, outputs, candidates) {
  job <- job_of(input)
  parts <- lapply(candidates, function(candidate) {
    agg <- as.data.frame(outputs$allPareto$xDecompAgg)
    agg <- agg[agg$solID == candidate, ]
    if (nrow(agg) == 0) {
      stop(sprintf("%s is no candidate of this run", candidate), call. = FALSE)
    }
    values <- outputs$allPareto$resultHypParam
    values <- as.data.frame(values[values$solID == candidate, ])
    responses <- media_responses(input, models, values, agg)
    channels <- channel_table(job, input, values, responses)
    list(
      decomposition = decomposition_table(job, agg),
      decomposition_over_time = over_time_table(job, input, values, agg, responses),
      channels = channels,
      response_curves = curve_table(input, channels)
    )
  })
  stacked <- lapply(names(parts[[1]]), function(name) {
    table <- do.call(rbind, lapply(parts, function(part) part[[name]]))
    rownames(table) <- NULL
    table
  })
  stats::setNames(stacked, names(parts[[1]]))
}

#' Robyn's response of each medium, named by the medium
#' @noRd
media_responses <- function(input, models, values, agg) {
  media <- input$all_media
  responses <- lapply(media, function(medium) {
    response <- Robyn::robyn_response(
      InputCollect = input, OutputCollect = models, select_model = values$solID,
      metric_name = medium, date_range = "all", dt_hyppar = values, dt_coef = agg, quiet = TRUE
    )
    response$coefficient <- agg$coef[agg$rn == medium]
    # What Weibull adstock carries over can be -1e-17, of which Hill makes NaN; Robyn's own
    # decomposition counts it as nothing.
    response$response_carryover[is.nan(response$response_carryover)] <- 0
    response
  })
  stats::setNames(responses, media)
}

over_time_table <- function(job, input, values, agg, responses) {
  window <- as.data.frame(input$dt_modRollWind)
  coefficients <- stats::setNames(as.numeric(agg$coef), agg$rn)
  nothing <- rep(NaN, nrow(window))
  baseline <- lapply(c("(Intercept)", input$prophet_vars, input$context_vars), function(name) {
    value <- if (name == "(Intercept)") rep(1, nrow(window)) else window[[name]]
    list(name = name, contribution = value * coefficients[[name]], carryover = nothing)
  })
  media <- lapply(names(responses), function(name) {
    list(
      name = name, contribution = responses[[name]]$response_total,
      carryover = responses[[name]]$response_carryover
    )
  })
  variables <- c(baseline, media)
  fitted <- Reduce(`+`, lapply(variables, function(variable) variable$contribution))
  all <- c(variables, list(
    list(name = "actual", contribution = window$dep_var, carryover = nothing),
    list(name = "fitted", contribution = fitted, carryover = nothing)
  ))
  split <- split_labels(nrow(window), values$train_size)
  do.call(rbind, lapply(all, function(variable) {
    data.frame(
      candidate = values$solID, date = as.Date(window$ds), variable = variable$name,
      contribution = as.numeric(variable$contribution),
      immediate = as.numeric(variable$contribution - variable$carryover),
      carryover = as.numeric(variable$carryover), split = split
    )
  }))
}

#' Split each row of the window belongs to (Robyn `R/model.R: robyn_mmm`)
#' @noRd
split_labels <- function(rows, train_size) {
  if (train_size >= 1) {
    return(rep("train", rows))
  }
  train <- floor(stats::quantile(seq_len(rows), train_size))
  val <- floor((1 - train_size) / 2 * rows)
  rep(c("train", "val", "test"), c(train, val, rows - train - val))
}

channel_table <- function(job, input, values, responses) {
  paid <- names_of(job$channels)
  window <- input$rollingWindowStartWhich:input$rollingWindowEndWhich
  of_each <- function(name) vapply(responses[paid], function(r) as.numeric(r[[name]]), 0)
  data.frame(
    candidate = values$solID, channel = paid, coefficient = of_each("coefficient"),
    alpha = as.numeric(values[paste0(paid, "_alphas")]),
    inflexion = of_each("inflexion"), mean_carryover = of_each("mean_input_carryover"),
    current_spend = as.numeric(colMeans(input$dt_input[window, input$paid_media_spends])),
    row.names = NULL
  )
}

curve_points <- 201
curve_reach <- 2.5 # as a multiple of the largest spend of a period in the window

curve_table <- function(input, channels) {
  response <- utils::getFromNamespace("fx_objective", "Robyn")
  window <- input$rollingWindowStartWhich:input$rollingWindowEndWhich
  largest <- vapply(as.data.frame(input$dt_input[window, input$paid_media_spends]), max, 0)
  do.call(rbind, lapply(seq_len(nrow(channels)), function(i) {
    channel <- channels[i, ]
    spend <- seq(0, curve_reach * largest[[i]], length.out = curve_points)
    data.frame(
      candidate = channel$candidate, channel = channel$channel, spend = spend,
      response = response(
        spend, channel$coefficient, channel$alpha, channel$inflexion, channel$mean_carryover,
        get_sum = FALSE
      )
    )
  }))
}
