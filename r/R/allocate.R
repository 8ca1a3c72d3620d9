#' Robyn's own budget allocation
#'
#' @param input An InputCollect of [mmmr_input()].
#' @param models OutputModels of [mmmr_models()].
#' @param outputs OutputCollect of [mmmr_outputs()].
#' @param candidate Its id, on a front or not.
#' @param scenario `max_response` or `target_efficiency`.
#' @param total_budget For the whole window, in the currency; `NULL` keeps what was spent.
#' @param bounds A data frame: `channel`, `low`, `high`, multiples of the current spend.
#' @param target_value ROAS (or CPA) to be reached under `target_efficiency`; `NULL` is Robyn's.
#' @param dates Periods whose mean is the current spend: `all`, `last_10`, or first and last date.
#' @return A list: `table` (per period: `channel`, `current_spend`, `current_response`,
#'   `planned_spend`, `planned_response`), `status` and `message` of nlopt (a negative status is no
#'   solution), `total_response` (per period, of the plan), `skipped` (channels Robyn leaves out: no
#'   coefficient, or bounded to 0; it spreads their budget over the others).
#' @export
mmmr_allocate <- function(input, models, outputs, candidate, scenario, total_budget, bounds,
                          target_value = NULL, dates = "all") {
  outputs <- outputs_with(input, models, outputs, candidate)
  rows <- match(input$paid_media_selected, bounds$channel)
  if (anyNA(rows)) {
    missing <- setdiff(input$paid_media_selected, bounds$channel)
    stop("bounds: no row for ", paste(missing, collapse = ", "), call. = FALSE)
  }
  allocated <- Robyn::robyn_allocator(
    InputCollect = input, OutputCollect = outputs, select_model = candidate, scenario = scenario,
    total_budget = total_budget, target_value = target_value, date_range = periods(input, dates),
    channel_constr_low = bounds$low[rows], channel_constr_up = bounds$high[rows],
    plots = FALSE, export = FALSE, quiet = FALSE
  )
  allocation_of(allocated)
}

#' Every date of a range: of two dates that are both in the data Robyn takes these two alone
#' @noRd
periods <- function(input, dates) {
  if (length(dates) < 2) return(dates)
  window <- as.Date(input$dt_mod$ds[input$rollingWindowStartWhich:input$rollingWindowEndWhich])
  window[window >= as.Date(dates[[1]]) & window <= as.Date(dates[[2]])]
}

#' Our tables of what `robyn_allocator()` returns; totals are those of `dt_optimOut`
#' @noRd
allocation_of <- function(allocated) {
  found <- as.data.frame(allocated$dt_optimOut)
  skipped <- as.character(c(allocated$skipped_coef0, allocated$skipped_constr))
  kept <- found[!found$channels %in% skipped, ]
  list(
    table = data.frame(
      channel = kept$channels, current_spend = kept$initSpendUnit,
      # the response to the mean spend; initResponseUnit is sometimes the mean of the responses
      current_response = kept$initResponseUnitSim,
      planned_spend = kept$optmSpendUnit, planned_response = kept$optmResponseUnit
    ),
    status = as.integer(allocated$nlsMod$status), message = allocated$nlsMod$message,
    total_response = found$optmResponseUnitTotal[[1]], skipped = unique(skipped)
  )
}
