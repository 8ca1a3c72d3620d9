# The only tests that run Robyn itself.
test_that("trials apart are the serial run, and every door opens", {
  skip_if_not_installed("Robyn")
  stored <- stored_run()
  job <- attr(stored$input, "job")
  job$trials <- 2L
  job$iterations <- 12L
  input <- robyn_input(stored, job)
  folder <- withr::local_tempdir()
  files <- file.path(folder, c("1.rds", "2.rds"))
  for (trial in 1:2) {
    expect_identical(mmmr_trial(input, trial, files[trial]), list(candidates = 12L))
  }
  models <- mmmr_models(input, files)
  serial <- suppressWarnings(Robyn::robyn_run(
    input,
    cores = 1, iterations = 12L, trials = 2L, seed = 123L, objective_weights = NULL
  ))
  for (trial in c("trial1", "trial2")) {
    for (table in c("resultHypParam", "xDecompAgg")) {
      ours <- as.data.frame(models[[trial]]$resultCollect[[table]])
      theirs <- as.data.frame(serial[[trial]]$resultCollect[[table]])
      timed <- c("Elapsed", "ElapsedAccum")
      columns <- setdiff(names(theirs), timed)
      expect_identical(ours[columns], theirs[columns])
    }
  }
  expect_setequal(names(models), names(serial))

  outputs <- mmmr_outputs(input, models, folder)
  tables <- mmmr_tables(input, models, outputs)
  expect_identical(tables$clusters$cluster, 0L)
  expect_match(tables$notes, "^no clusters, and the first Pareto front alone")
  expect_identical(
    tables$candidates$facebook_alphas[1:12],
    stored$outputs$allPareto$resultHypParam$facebook_alphas[1:12]
  )
  off <- tables$candidates$candidate[tables$candidates$pareto_front == 0][1]
  for (candidate in c(outputs$allSolutions[1], off)) {
    full <- mmmr_in_full(input, models, outputs, candidate)
    expect_identical(unique(full$channels$candidate), candidate)
    expect_identical(nrow(full$response_curves), 5L * 201L)
    written <- jsonlite::fromJSON(mmmr_export(input, models, outputs, candidate, folder))
    expect_identical(written$ExportedModel$select_model, candidate)
    expect_null(written$Extras$raw_data)
    row <- tables$candidates[tables$candidates$candidate == candidate, ]
    expect_equal(written$ExportedModel$hyper_values$tv_thetas, row$tv_thetas, tolerance = 1e-8)
    expect_equal(written$ExportedModel$errors$decomp.rssd, row$decomp_rssd, tolerance = 1e-8)
    again <- mmmr_recreate(input, written$ExportedModel$hyper_values, candidate)
    expect_equal(again$candidates$nrmse, row$nrmse, tolerance = 1e-8)
    expect_equal(again$decomposition, full$decomposition, tolerance = 1e-6)
  }
  bounds <- data.frame(channel = names_of(job$channels), low = 0.5, high = 2)
  plan <- mmmr_allocate(input, models, outputs, off, "max_response", NULL, bounds)
  expect_gt(plan$status, 0)
  expect_equal(sum(plan$table$planned_response), plan$total_response)
  page <- mmmr_onepager(input, models, outputs, outputs$allSolutions[1], folder)
  expect_gt(file.size(page), 1e5)
  saved <- mmmr_save(input, models, folder)
  expect_identical(basename(saved), c("InputCollect.RDS", "OutputModels.RDS"))
  expect_lt(max(file.size(saved)), 1e6)
  expect_true("Robyn" %in% names(mmmr_versions()))
})
