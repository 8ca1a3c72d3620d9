test_that("the versions with which the product agrees are pinned", {
  rows <- mmmr_requirements()
  pins <- rows[rows$relation == "==", c("package", "version")]
  expect_identical(pins$package, c("Robyn", "reticulate"))
  expect_identical(pins$version, c("3.12.1", "1.38.0"))
})

test_that("each requirement is named once, with a reason and a readable rule", {
  rows <- mmmr_requirements()
  expect_identical(anyDuplicated(rows$package), 0L)
  expect_true(all(nzchar(rows$why)))
  expect_true(all(rows$relation %in% c("", "==", ">=")))
  expect_identical(nzchar(rows$relation), nzchar(rows$version))
  expect_silent(package_version(rows$version[nzchar(rows$version)]))
})
