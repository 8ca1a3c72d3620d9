example <- function(...) {
  rules <- c(...)
  rows <- Map(function(package, rule) need(package, rule, "", "a reason"), names(rules), rules)
  do.call(rbind, unname(rows))
}

test_that("exact versions, floors and any version are told apart", {
  expect_true(satisfies("3.12.1", "==", "3.12.1"))
  expect_false(satisfies("3.12.0", "==", "3.12.1"))
  expect_false(satisfies("3.12.1.9000", "==", "3.12.1"))
  expect_true(satisfies("1.10.0", ">=", "1.9.2"))
  expect_true(satisfies("4.1-6", ">=", "4.1-6"))
  expect_false(satisfies("4.1-4", ">=", "4.1-6"))
  expect_true(satisfies("0.0.1", "", ""))
  expect_false(satisfies("", "", ""))
})

test_that("status says what is found, what is not and what to do", {
  status <- mmmr_status(example(R = ">= 4.2", tools = "", utils = "== 0.1", not.there = ">= 2.0"))
  expect_identical(status$package, c("R", "tools", "utils", "not.there"))
  expect_identical(status$needed, c(">= 4.2", "any", "== 0.1", ">= 2.0"))
  base <- as.character(getRversion())
  expect_identical(status$found, c(base, base, base, ""))
  expect_identical(status$ok, c(TRUE, TRUE, FALSE, FALSE))
  expect_identical(
    status$remedy,
    c("", "", rep("`make setup-r` installs it (a reason)", 2))
  )
})

test_that("an R without a single package gets the whole list", {
  empty <- tempfile("library")
  dir.create(empty)
  status <- mmmr_status(library = empty)
  expect_identical(status$package[status$ok], "R")
  expect_true(all(nzchar(status$remedy[!status$ok])))
  expect_identical(nrow(status), nrow(mmmr_requirements()))
})

test_that("an R that is too old is not sent to make setup-r alone", {
  expect_match(mmmr_status(example(R = ">= 99.0"))$remedy, "^install R 4.2 or newer")
})

test_that("JSON escapes quotes and backslashes and writes logicals bare", {
  rows <- data.frame(package = c("a\"b", "c\\d"), ok = c(TRUE, FALSE))
  expect_identical(
    status_json(rows),
    "[\n  {\"package\": \"a\\\"b\", \"ok\": true},\n  {\"package\": \"c\\\\d\", \"ok\": false}\n]"
  )
})

test_that("JSON refuses what it cannot write", {
  expect_error(status_json(data.frame(package = "a\nb")), "cntrl")
  expect_error(status_json(data.frame(package = NA_character_)), "anyNA")
  expect_error(status_json(data.frame(package = character())), "nrow")
})
