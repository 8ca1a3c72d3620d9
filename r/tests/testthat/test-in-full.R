of_stored <- function() {
  run <- stored_run()
  pick <- function(table) table[table$solID == run$candidate, ]
  c(run, list(
    values = pick(run$outputs$allPareto$resultHypParam),
    agg = pick(run$outputs$allPareto$xDecompAgg)
  ))
}

test_that("over time adds up to the totals", {
  run <- of_stored()
  job <- attr(run$input, "job")
  table <- over_time_table(job, run$input, run$values, run$agg, run$responses)
  expect_identical(unique(table$variable), c(run$agg$rn, "actual", "fitted"))
  totals <- tapply(table$contribution, table$variable, sum)
  expect_equal(as.numeric(totals[run$agg$rn]), run$agg$xDecompAgg, tolerance = 1e-10)
  expect_equal(totals[["fitted"]], sum(run$agg$xDecompAgg), tolerance = 1e-12)
  media <- table[table$variable %in% run$input$all_media, ]
  expect_equal(media$immediate + media$carryover, media$contribution, tolerance = 1e-12)
  expect_true(all(is.nan(table$carryover[!table$variable %in% run$input$all_media])))
  expect_s3_class(table$date, "Date")
  expect_identical(nrow(table), 157L * 14L)
})

test_that("channels hold what the response function needs", {
  run <- of_stored()
  channels <- channel_table(attr(run$input, "job"), run$input, run$values, run$responses)
  expect_identical(channels$channel, c("tv", "ooh", "print", "facebook", "search"))
  expect_identical(channels$coefficient, run$agg$coef[match(channels$channel, run$agg$rn)])
  expect_identical(channels$alpha[1], run$values$tv_alphas)
  spend <- run$agg$total_spend[match(channels$channel, run$agg$rn)]
  expect_equal(channels$current_spend * 157, spend, tolerance = 1e-12)
})

test_that("rows are split as Robyn splits them", {
  expect_identical(split_labels(3, 1), rep("train", 3))
  labels <- table(split_labels(157, 0.6))
  expect_identical(as.integer(labels[c("train", "val", "test")]), c(94L, 31L, 32L))
})
