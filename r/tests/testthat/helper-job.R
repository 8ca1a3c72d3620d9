# What Python writes for a job with everything that needs conversion.
job_text <- '{
  "country": "de", "date": "DATE", "target": "revenue", "target_type": "revenue",
  "prophet": ["trend", "holiday"],
  "prophet_options": {"changepoint_prior_scale": 0.1, "n_changepoints": null},
  "channels": [
    {"name": "tv", "spend": "tv_S", "exposure": null, "sign": "positive"},
    {"name": "facebook", "spend": "facebook_S", "exposure": "facebook_I", "sign": "default"}
  ],
  "organic": [{"name": "letter", "column": "newsletter", "sign": "positive"}],
  "context": [
    {"name": "rival", "column": "competitor_sales_B", "sign": "negative", "factor": false},
    {"name": "events", "column": null, "sign": "default", "factor": true}
  ],
  "window": ["2016-01-01", "2018-12-31"],
  "adstock": "geometric", "ts_validation": false, "train_size": [0.5, 0.8],
  "lambda_range": [0.0, 1.0], "penalty_factors": false, "objective_weights": [],
  "calibration": [
    {"channels": ["facebook", "letter"], "start": "2018-05-01", "end": "2018-06-10",
     "lift": 4, "spend": 0.0, "confidence": 0.9, "scope": "immediate"},
    {"channels": ["tv"], "start": "2017-05-01", "end": "2017-06-10",
     "lift": 3.5, "spend": 12, "confidence": 0.8, "scope": "total"}
  ],
  "calibration_constraint": 0.1, "iterations": 40, "trials": 2, "seed": 123,
  "pareto_fronts": 0, "min_candidates": 100,
  "hyperparameters": {
    "tv_alphas": [0.5, 3.0], "tv_gammas": [0.3, 1.0], "tv_thetas": [0.3, 0.3],
    "facebook_alphas": [0.5, 3.0], "facebook_gammas": [0.3, 1.0], "facebook_thetas": [0, 0.3],
    "letter_alphas": [0.5, 3.0], "letter_gammas": [0.3, 1.0], "letter_thetas": [0.1, 0.4]
  }
}'

example_job <- function(...) {
  job <- read_job(job_text)
  changes <- list(...)
  for (key in names(changes)) job[key] <- list(changes[[key]]) # keeps a key that becomes NULL
  job
}

# A real run of Robyn 3.12.1, 40 x 1 on its demo data: plain data frames, see fixtures/README.md.
stored_run <- function() readRDS(test_path("fixtures", "robyn_40x1.rds"))

# The stored run's input made anew by Robyn, for a job that may differ in its search.
robyn_input <- function(stored, job) {
  table <- stored$input$dt_input
  names <- c(spend_columns(job), stats::setNames(nm = names(table)))
  data <- stats::setNames(table, names(table))
  data[[job$date]] <- table$date
  data[[job$target]] <- table$target
  for (item in c(job$context, job$organic)) data[[item$column]] <- table[[item$name]]
  for (channel in job$channels) {
    data[[channel$spend]] <- table[[names[[channel$name]]]]
    if (!is.null(channel$exposure)) data[[channel$exposure]] <- table[[channel$name]]
  }
  text <- jsonlite::toJSON(job, auto_unbox = TRUE, null = "null", digits = NA)
  holidays <- data.frame(
    ds = as.Date(c("2016-12-26", "2017-12-25")), holiday = "Christmas", country = job$country,
    year = c(2016L, 2017L)
  )
  mmmr_input(text, data, holidays)
}
