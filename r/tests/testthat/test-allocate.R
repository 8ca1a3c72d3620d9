test_that("totals are those of Robyn's table", {
  stored <- stored_run()$allocated
  allocation <- allocation_of(stored)
  expect_identical(allocation$table$channel, c("facebook", "ooh", "print", "search", "tv"))
  expect_equal(sum(allocation$table$planned_response), allocation$total_response)
  expect_equal(sum(allocation$table$planned_spend), sum(allocation$table$current_spend))
  expect_identical(allocation$status, 4L)
  expect_match(allocation$message, "XTOL")
  expect_identical(allocation$skipped, character())
})

test_that("a channel Robyn leaves out is not in the table", {
  stored <- stored_run()$allocated
  stored$skipped_coef0 <- "tv"
  allocation <- allocation_of(stored)
  expect_identical(allocation$skipped, "tv")
  expect_false("tv" %in% allocation$table$channel)
})

test_that("bounds must name every channel", {
  run <- stored_run()
  bounds <- data.frame(channel = c("tv", "ooh"), low = 0.5, high = 2)
  expect_error(
    mmmr_allocate(run$input, NULL, run$outputs, run$candidate, "max_response", NULL, bounds),
    "no row for print, facebook, search"
  )
})

test_that("a candidate that was never tried is refused", {
  run <- stored_run()
  expect_error(outputs_with(run$input, NULL, run$outputs, "9_9_9"), "9_9_9 is no candidate")
  expect_error(mmmr_in_full(run$input, NULL, run$outputs, "9_9_9"), "9_9_9 is no candidate")
})

test_that("a model cannot be fitted again without all its hyperparameters", {
  run <- stored_run()
  values <- as.list(run$outputs$allPareto$resultHypParam[1, ])
  values$tv_thetas <- values$lambda <- NULL
  expect_error(mmmr_recreate(run$input, values, "1_1_1"), "no value for tv_thetas, lambda$")
})

test_that("trials must be all there, in order", {
  run <- stored_run()
  files <- withr::local_tempfile(lines = "")
  saveRDS(list(trial = 2L), files)
  expect_error(mmmr_models(run$input, files), "the job has 1 trials, the files hold: 2")
})

test_that("two dates mean all periods between them", {
  input <- list(
    dt_mod = data.frame(ds = as.Date("2020-01-06") + 7 * 0:9),
    rollingWindowStartWhich = 3, rollingWindowEndWhich = 10
  )
  expect_identical(periods(input, c("2020-01-27", "2020-02-10")), as.Date("2020-01-27") + 7 * 0:2)
  expect_identical(periods(input, c("0001-01-01", "2020-01-20")), as.Date("2020-01-20"))
  expect_identical(periods(input, "last_4"), "last_4")
})
