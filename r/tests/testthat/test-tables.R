test_that("the tables hold every candidate, in order and in our columns", {
  run <- stored_run()
  tables <- mmmr_tables(run$input, NULL, run$outputs)
  candidates <- tables$candidates
  expect_identical(candidates$candidate, paste0("1_", 1:40, "_1"))
  expect_identical(names(candidates)[1:5], c(
    "candidate", "trial", "iteration", "worker", "facebook_alphas"
  ))
  expect_identical(utils::tail(names(candidates), 13), c(
    "lambda_hp", "lambda", "nrmse", "nrmse_train", "nrmse_val", "nrmse_test", "rsq_train",
    "rsq_val", "rsq_test", "decomp_rssd", "mape", "pareto_front", "cluster"
  ))
  raw <- run$outputs$allPareto$resultHypParam
  expect_identical(candidates$decomp_rssd, raw$decomp.rssd)
  expect_true(all(vapply(candidates[-1], is.numeric, NA)))
  kept <- candidates$pareto_front > 0
  expect_setequal(candidates$candidate[kept], run$outputs$allSolutions)
  # Robyn numbers more fronts than it keeps
  expect_gt(max(raw$robynPareto, na.rm = TRUE), max(candidates$pareto_front))
  expect_true(all(candidates$cluster[!kept] == 0))
  expect_identical(max(candidates$cluster), 7L)
})

test_that("decomposition has its roles, and numbers only where something is paid", {
  run <- stored_run()
  table <- mmmr_tables(run$input, NULL, run$outputs)$decomposition
  expect_identical(nrow(table), 21L * 12L)
  expect_identical(table$role[1:12], c(
    "intercept", rep("prophet", 3), rep("context", 2), rep("paid", 5), "organic"
  ))
  paid <- table$role == "paid"
  expect_false(anyNA(table[paid, c("spend", "spend_share", "effect_share", "roas")]))
  expect_true(all(is.nan(unlist(table[!paid, c("spend", "spend_share", "roas", "cpa")]))))
  expect_equal(table$roas[paid], run$outputs$xDecompAgg$roi_total[paid], tolerance = 1e-14)
  shares <- tapply(table$contribution_share, table$candidate, sum)
  expect_equal(as.numeric(shares), rep(1, 21), tolerance = 1e-12)
})

test_that("clusters and their intervals are numbered alike", {
  run <- stored_run()
  tables <- mmmr_tables(run$input, NULL, run$outputs)
  expect_identical(tables$clusters$cluster, 1:7)
  # 21 are on the fronts; one repeats another, and lares leaves repeats out
  expect_identical(sum(tables$clusters$size), 20L)
  expect_identical(
    tables$candidates$cluster[match(tables$clusters$candidate, tables$candidates$candidate)], 1:7
  )
  with_intervals <- unique(tables$cluster_intervals$cluster)
  expect_setequal(tables$clusters$cluster[tables$clusters$note == ""], with_intervals)
  first <- tables$cluster_intervals[1:5, ]
  expect_identical(first$channel, c("tv", "ooh", "print", "facebook", "search"))
  expect_true(all(first$low <= first$mean & first$mean <= first$high))
  expect_identical(unique(first$efficiency), "roas")
})

test_that("without clusters one row says why, and the tables keep their columns", {
  run <- stored_run()
  with_clusters <- mmmr_tables(run$input, NULL, run$outputs)
  outputs <- run$outputs
  outputs$clusters <- NULL
  outputs$resultHypParam$cluster <- NULL
  attr(outputs, "notes") <- "no clusters: a reason"
  tables <- mmmr_tables(run$input, NULL, outputs)
  expect_identical(
    tables$clusters,
    data.frame(cluster = 0L, candidate = "", size = 0L, note = "no clusters: a reason")
  )
  expect_identical(tables$notes, "no clusters: a reason")
  expect_identical(nrow(tables$cluster_intervals), 0L)
  expect_identical(
    vapply(tables$cluster_intervals, typeof, ""),
    vapply(with_clusters$cluster_intervals, typeof, "")
  )
  expect_true(all(tables$candidates$cluster == 0))
})

test_that("the model's input is dates and numbers", {
  run <- stored_run()
  table <- mmmr_tables(run$input, NULL, run$outputs)$model_input
  expect_identical(dim(table), c(208L, 13L))
  expect_s3_class(table$date, "Date")
  expect_true(all(vapply(table[-1], is.double, NA)))
})

test_that("a table that misses something is an error", {
  run <- stored_run()
  attr(run$input, "job")$trials <- 2L
  expect_error(mmmr_tables(run$input, NULL, run$outputs), "returned 40 candidates, not 80")
  run <- stored_run()
  run$outputs$allPareto$xDecompAgg <- utils::head(run$outputs$allPareto$xDecompAgg, -1)
  expect_error(mmmr_tables(run$input, NULL, run$outputs), "returned 479 coefficients")
})
