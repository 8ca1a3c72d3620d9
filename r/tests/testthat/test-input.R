test_that("holidays are the same whatever they are called", {
  dates <- as.Date("2018-12-24") + 7 * 0:2
  ours <- data.frame(
    ds = dates[c(1, 2, 2, 3)], holiday = c("Christmas", "New Year", "Silvester", "Epiphany")
  )
  theirs <- ours[4:1, ]
  theirs$holiday <- c("Kings", "Last day", "First day", "Xmas")
  theirs <- rbind(theirs, data.frame(ds = as.Date("2030-01-01"), holiday = "Later"))
  expect_identical(days_alike(ours, dates), days_alike(theirs, dates))
  theirs$holiday[1:2] <- "Kings"
  expect_false(identical(days_alike(ours, dates), days_alike(theirs, dates)))
})

test_that("holidays are sorted as ICU sorts prophet's columns, in any locale", {
  skip_if_not_installed("stringi")
  names <- c("Labor Day, Ascension Day", "labor Day", "Epiphany", "Labor Day")
  expect_identical(
    sort_as_robyn(names), c("Epiphany", "labor Day", "Labor Day", "Labor Day, Ascension Day")
  )
})
