test_that("a job is read as Python writes it", {
  job <- read_job(job_text)
  expect_identical(job$prophet, c("trend", "holiday"))
  expect_identical(job$window, c("2016-01-01", "2018-12-31"))
  expect_null(job$objective_weights)
  expect_identical(job$hyperparameters$facebook_thetas, c(0, 0.3))
  expect_identical(job$seed, 123L)
  expect_null(job$channels[[1]]$exposure)
  expect_identical(field_of(job$context, "column"), c("competitor_sales_B", "events"))
  expect_null(names_of(list()))
})

test_that("variables come in the order of the design", {
  expect_identical(
    variables_of(example_job()),
    data.frame(
      variable = c("trend", "holiday", "rival", "events", "tv", "facebook", "letter"),
      role = c("prophet", "prophet", "context", "context", "paid", "paid", "organic")
    )
  )
  bare <- example_job(prophet = NULL, context = list(), organic = list())
  expect_identical(variables_of(bare)$variable, c("tv", "facebook"))
})

test_that("a spend beside an exposure gets a name nobody has", {
  expect_identical(
    spend_columns(example_job()), c(tv = "tv", facebook = "facebook_spend")
  )
  taken <- example_job(organic = list(
    list(name = "facebook_spend", column = "x", sign = "positive")
  ))
  expect_identical(spend_columns(taken)[["facebook"]], "facebook_spend_")
})

test_that("Robyn reads the columns under the job's names", {
  data <- data.frame(
    DATE = as.Date("2020-01-06") + 7 * 0:2, revenue = c(3, 4, 5), tv_S = c(1, 0, 2),
    facebook_S = c(10, 20, 30), facebook_I = c(100, 300, 200), newsletter = c(7, 8, 9),
    competitor_sales_B = c(5, 6, 5), events = c("na", "event1", "na"), unused = 1
  )
  table <- robyn_data(example_job(), data)
  expect_identical(names(table), c(
    "date", "target", "rival", "events", "letter", "tv", "facebook", "facebook_spend"
  ))
  expect_s3_class(table$date, "Date")
  expect_identical(table$facebook, data$facebook_I)
  expect_identical(table$facebook_spend, data$facebook_S)
  expect_identical(table$rival, data$competitor_sales_B)
  expect_identical(table$events, data$events)
})

test_that("what Robyn would misread or change is refused, all at once", {
  expect_length(name_problems(example_job()), 0)
  named <- function(...) lapply(c(...), function(name) list(name = name, factor = FALSE))
  bad <- example_job(context = c(
    named("a b", "x_alphas", "2nd", "y_MDI"), list(list(name = "t", factor = TRUE))
  ))
  problems <- name_problems(bad)
  expect_length(problems, 5)
  for (name in c("a b", "2nd", "x_alphas", "y_MDI", "t")) {
    expect_true(any(startsWith(problems, paste0(name, ":"))), label = name)
  }
  table <- data.frame(target = 1:2, up = c(0, 1), down = c(-1, 0), text = c("a", "b"))
  holidays <- data.frame(ds = as.Date(character()))
  problems <- data_problems(example_job(), table, holidays)
  expect_length(problems, 2)
  expect_match(problems[1], "^down: is never above 0")
  expect_match(problems[2], "^holidays: there are none")
  expect_length(data_problems(example_job(prophet = "trend"), table[c(1, 2, 4)], holidays), 0)
})

test_that("an input without a job is refused", {
  expect_error(job_of(list()), "not made by mmmr_input")
})
