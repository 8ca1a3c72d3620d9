#' Robyn's input for a job
#'
#' `robyn_inputs()` with feature engineering (prophet, exposures in units of money). Robyn sees the
#' data under the job's names, so that its tables and figures speak them and its search vector has
#' the same order as that of the native engine. Dates are `Date` throughout.
#'
#' @param job_json One string: the JSON of the job's values, and under `hyperparameters` the range
#'   of each media hyperparameter.
#' @param data The prepared dataset: the job's date column as `Date`, numbers as double, factors as
#'   character.
#' @param holidays The holidays of the job, on dates of the data: `ds` (Date), `holiday`,
#'   `country`, `year`.
#' @return Robyn's InputCollect, with the job as attribute `job`.
#' @export
mmmr_input <- function(job_json, data, holidays) {
  job <- read_job(job_json)
  table <- robyn_data(job, data)
  if (length(problems <- c(name_problems(job), data_problems(job, table, holidays))) > 0) {
    stop(paste(c("Robyn cannot train this job:", problems), collapse = "\n  "), call. = FALSE)
  }
  arguments <- c(
    list(
      dt_input = table, date_var = "date", dep_var = "target", dep_var_type = job$target_type,
      context_vars = names_of(job$context), context_signs = field_of(job$context, "sign"),
      factor_vars = names_of(Filter(function(item) isTRUE(item$factor), job$context)),
      paid_media_spends = unname(spend_columns(job)), paid_media_vars = names_of(job$channels),
      paid_media_signs = field_of(job$channels, "sign"),
      organic_vars = names_of(job$organic), organic_signs = field_of(job$organic, "sign"),
      adstock = job$adstock, hyperparameters = hyperparameters_of(job),
      calibration_input = calibration_of(job),
      window_start = job$window[1], window_end = job$window[2]
    ),
    prophet_arguments(job, holidays_given(holidays, table$date))
  )
  input <- without_warning(
    # 0.5 to 0.8 is not used unless the job wants validation, and then the job gives the range.
    do.call(Robyn::robyn_inputs, arguments), "Automatically added missing hyperparameter range"
  )
  attr(input, "job") <- job
  input
}

#' The columns Robyn reads, under the job's names
#'
#' A channel with an exposure has two columns: its name is the exposure, `{name}_spend` the spend.
#' @noRd
robyn_data <- function(job, data) {
  table <- data.frame(date = as.Date(data[[job$date]]), target = data[[job$target]])
  for (item in c(job$context, job$organic)) {
    table[[item$name]] <- data[[item$column]]
  }
  spends <- spend_columns(job)
  for (channel in job$channels) {
    table[[channel$name]] <- data[[or_else(channel$exposure, channel$spend)]]
    table[[spends[[channel$name]]]] <- data[[channel$spend]]
  }
  table
}

#' Column of the spend of each paid channel, named by the channel
#' @noRd
spend_columns <- function(job) {
  taken <- c("date", "target", variables_of(job)$variable)
  columns <- vapply(job$channels, function(channel) {
    if (identical(or_else(channel$exposure, channel$spend), channel$spend)) {
      return(channel$name)
    }
    column <- paste0(channel$name, "_spend")
    while (column %in% taken) column <- paste0(column, "_")
    column
  }, "")
  stats::setNames(columns, names_of(job$channels))
}

#' What Robyn would change silently, or fail on without a reason
#' @noRd
data_problems <- function(job, table, holidays) {
  numbers <- Filter(is.numeric, table)
  flipped <- names(numbers)[vapply(numbers, function(x) all(x <= 0), NA)]
  c(
    sprintf("%s: is never above 0, and Robyn would take it without its sign", flipped),
    if ("holiday" %in% job$prophet && nrow(holidays) == 0) {
      "holidays: there are none; name a country or a file, or leave holiday out of prophet"
    }
  )
}

#' The holidays as plain Robyn would have them
#'
#' Prophet stops where its optimizer stalls, and that depends on the order of the columns, also of
#' those that are zero in all rows (docs/native-engine.md). So where Robyn's own table of the
#' country names the same days, R is given Robyn's own, with its other years; and the names are
#' numbered in the order in which R sorts them in any locale but C.
#'
#' @param holidays `ds`, `holiday`, `country`, `year`, on dates of the data.
#' @param dates The dates of the data.
#' @noRd
holidays_given <- function(holidays, dates) {
  if (nrow(holidays) == 0) {
    return(holidays)
  }
  own <- robyns_holidays(unique(holidays$country), dates)
  holidays <- holidays[c("ds", "holiday", "country", "year")]
  if (identical(days_alike(own, dates), days_alike(holidays, dates))) holidays <- own
  names <- sort_as_robyn(unique(holidays$holiday))
  holidays$holiday <- sprintf("%04d %s", match(holidays$holiday, names), holidays$holiday)
  holidays
}

#' Robyn's own holidays of a country, moved to the dates of the data by Robyn
#' @noRd
robyns_holidays <- function(country, dates) {
  known <- as.data.frame(Robyn::dt_prophet_holidays)
  known <- known[known$country %in% country, ]
  step <- as.integer(min(diff(sort(dates))))
  interval <- if (step == 1) "day" else if (step == 7) "week" else "month"
  place <- utils::getFromNamespace("set_holidays", "Robyn")
  placed <- suppressMessages(as.data.frame(place(data.frame(ds = dates), known, interval)))
  placed$ds <- as.Date(placed$ds)
  placed[c("ds", "holiday", "country", "year")]
}

#' Which dates of the data bear the same holiday, whatever it is called
#' @noRd
days_alike <- function(holidays, dates) {
  inside <- holidays[holidays$ds %in% dates, ]
  alike <- tapply(as.integer(inside$ds), inside$holiday, function(days) {
    paste(sort(unique(days)), collapse = " ")
  })
  sort(unname(c(alike)), method = "radix")
}

#' Names in the order of prophet's columns in R's default locales: ICU's rules
#' @noRd
sort_as_robyn <- function(names) {
  names[stringi::stri_order(paste0(names, "_delim_+0"), locale = "en")]
}

prophet_arguments <- function(job, holidays) {
  if (length(job$prophet) == 0) {
    return(list(prophet_vars = NULL))
  }
  options <- Filter(Negate(is.null), job$prophet_options)
  names(options) <- gsub("_", ".", names(options), fixed = TRUE)
  country <- if ("holiday" %in% job$prophet) unique(holidays$country)
  # of months Robyn cuts the table even where no holidays are wanted, and cannot cut an empty one
  if (nrow(holidays) == 0) holidays <- utils::head(as.data.frame(Robyn::dt_prophet_holidays))
  c(
    list(prophet_vars = job$prophet, prophet_country = country, dt_holidays = holidays),
    options
  )
}

#' Evaluate without the warnings that hold a text; others pass
#' @noRd
without_warning <- function(code, text) {
  withCallingHandlers(code, warning = function(w) {
    if (grepl(text, conditionMessage(w), fixed = TRUE)) invokeRestart("muffleWarning")
  })
}
