test_that("Robyn is given its own holidays where they are the job's", {
  skip_if_not_installed("Robyn")
  dates <- as.Date("2015-11-23") + 7 * 0:207
  own <- robyns_holidays("DE", dates)
  renamed <- own[own$ds %in% dates, ]
  renamed$holiday <- sub("Whit Monday", "Pentecost Monday", renamed$holiday)
  given <- holidays_given(renamed, dates)
  expect_identical(nrow(given), nrow(own))
  expect_true("0014 Whit Monday" %in% given$holiday)
  fewer <- holidays_given(renamed[-1, ], dates)
  expect_identical(nrow(fewer), nrow(renamed) - 1L)
})

test_that("months without holidays get a table that Robyn can cut", {
  skip_if_not_installed("Robyn")
  none <- data.frame(ds = as.Date(character()), holiday = character(), country = character())
  given <- prophet_arguments(example_job(prophet = "trend"), none)
  expect_null(given$prophet_country)
  expect_gt(nrow(given$dt_holidays), 0)
})
