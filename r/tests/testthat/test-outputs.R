test_that("Robyn chooses the fronts where enough candidates survive its cuts", {
  run <- stored_run()
  job <- attr(run$input, "job")
  wanted <- fronts_wanted(job, run$errors)
  expect_identical(wanted, list(fronts = "auto", clusters = TRUE, note = character()))
  job$min_candidates <- 100L
  few <- fronts_wanted(job, run$errors)
  expect_identical(few$fronts, 1L)
  expect_false(few$clusters)
  expect_match(few$note, "^no clusters, .* 32 candidates survive .* more than 100;")
  job$pareto_fronts <- 3L
  expect_identical(fronts_wanted(job, run$errors)$fronts, 3L)
})

test_that("exactly min_candidates are too few, and none is an error", {
  errors <- data.frame(nrmse = 1:10, decomp.rssd = rep(1, 10), mape = 0)
  job <- list(pareto_fronts = 0, min_candidates = 9, calibration_constraint = 0.1)
  expect_identical(fronts_wanted(job, errors)$fronts, 1L)
  job$min_candidates <- 8
  expect_identical(fronts_wanted(job, errors)$fronts, "auto")
  job$calibration <- list("a study")
  errors$mape <- 1:10
  expect_match(fronts_wanted(job, errors)$note, " 1 candidates survive")
  errors$mape <- NaN
  expect_error(fronts_wanted(job, errors), "no candidate has errors that Robyn can rank")
})

test_that("clusters are numbered by the error score of their winners, everywhere", {
  models <- data.frame(solID = c("a", "b", "c"), cluster = factor(1:3), error_score = c(3, 1, 2))
  table <- data.frame(solID = c("a", "b", "c", "d"), cluster = c(1L, 2L, 3L, NA))
  outputs <- list(
    resultHypParam = table, xDecompAgg = table, mediaVecCollect = table, xDecompVecCollect = table,
    clusters = list(data = table, models = models, df_cluster_ci = table[1:2, ], n_clusters = 3)
  )
  ordered <- with_ordered_clusters(outputs)
  expect_identical(ordered$resultHypParam$cluster, c(3L, 1L, 2L, NA))
  expect_identical(ordered$clusters$models$cluster, c(3L, 1L, 2L))
  expect_identical(ordered$clusters$df_cluster_ci$cluster, c(3L, 1L))
  expect_identical(ordered$clusters$n_clusters, 3)
  expect_identical(with_ordered_clusters(list(clusters = NULL)), list(clusters = NULL))
})

test_that("a clustering that failed says why in one line", {
  failed <- structure("Error in f() : \n  no cluster centres\n", class = "try-error")
  note <- clusters_failed(list(allSolutions = c("a", "b"), clusters = failed))
  expect_identical(note, paste(
    "no clusters: Robyn cannot cluster the 2 candidates on the fronts",
    "(Error in f() : no cluster centres)"
  ))
})
