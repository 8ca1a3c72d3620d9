test_that("one value fixes a hyperparameter; lambda and train size only where they are needed", {
  ranges <- hyperparameters_of(example_job())
  expect_identical(names(ranges), names(example_job()$hyperparameters))
  expect_identical(ranges$tv_thetas, 0.3)
  expect_identical(ranges$tv_alphas, c(0.5, 3))
  validated <- hyperparameters_of(example_job(ts_validation = TRUE, lambda_range = c(0, 0.2)))
  expect_identical(utils::tail(names(validated), 2), c("lambda", "train_size"))
  expect_identical(validated$lambda, c(0, 0.2))
  expect_identical(validated$train_size, c(0.5, 0.8))
})

test_that("names are sorted as in the C locale, penalties in the order of the design", {
  job <- example_job(penalty_factors = TRUE)
  job$hyperparameters$Zoo_alphas <- c(0, 1)
  names <- hyperparameter_names(job)
  expect_identical(names[1:2], c("Zoo_alphas", "facebook_alphas"))
  expect_identical(utils::tail(names, 2), c("facebook_penalty", "letter_penalty"))
  expect_length(names, 10 + 7)
})

test_that("prophet's options have R's names; without components there are none", {
  holidays <- data.frame(country = c("de", "de"))
  arguments <- prophet_arguments(example_job(), holidays)
  expect_identical(arguments$changepoint.prior.scale, 0.1)
  expect_false("n.changepoints" %in% names(arguments))
  expect_identical(arguments$prophet_country, "de")
  expect_null(prophet_arguments(example_job(prophet = "trend"), holidays)$prophet_country)
  expect_identical(
    prophet_arguments(example_job(prophet = NULL), holidays), list(prophet_vars = NULL)
  )
})

test_that("studies name the columns of the spend", {
  studies <- calibration_of(example_job())
  expect_identical(studies$channel, c("facebook_spend+letter", "tv"))
  expect_identical(studies$liftStartDate, as.Date(c("2018-05-01", "2017-05-01")))
  expect_identical(studies$liftAbs, c(4, 3.5))
  expect_identical(studies$calibration_scope, c("immediate", "total"))
  expect_identical(unique(studies$metric), "target")
  expect_null(calibration_of(example_job(calibration = list())))
})

test_that("the seed of a trial is an integer, or refused", {
  expect_identical(trial_seed(list(seed = 123L), 1), 124L)
  expect_error(trial_seed(list(seed = .Machine$integer.max), 2), "more than R can seed")
})

test_that("only the named warning is held back", {
  expect_silent(without_warning(warning("Automatically added x"), "Automatically added"))
  expect_warning(without_warning(warning("other"), "Automatically added"), "other")
})
