# Robyn itself, called as its guide says, without the product's R package: inputs, search, outputs,
# and for some jobs plans and an export. With a second argument: that JSON is recreated.
suppressPackageStartupMessages(library(Robyn))
folder <- commandArgs(TRUE)[[1]]
table <- function(name, ...) read.csv(file.path(folder, name), check.names = FALSE, ...)
save <- function(found, name) {
  found <- as.data.frame(found)
  numbers <- vapply(found, is.numeric, NA)
  found[numbers] <- lapply(found[numbers], function(x) sprintf("%.17g", x))
  write.csv(found[!vapply(found, is.list, NA)], file.path(folder, name), row.names = FALSE)
}
if (length(commandArgs(TRUE)) > 1) {
  file <- commandArgs(TRUE)[[2]]
  arguments <- list(json_file = file, quiet = FALSE)
  holidays <- jsonlite::read_json(file, simplifyVector = TRUE)$Extras$mmm$holidays
  if (!is.null(holidays)) arguments$dt_holidays <- transform(holidays, ds = as.Date(ds))
  again <- do.call(robyn_recreate, arguments)
  save(again$OutputCollect$xDecompAgg, "recreated.csv")
  save(again$OutputCollect$resultHypParam, "recreated_errors.csv")
  quit()
}
asked <- jsonlite::fromJSON(file.path(folder, "asked.json"))
data <- table("data.csv", na.strings = character())
data$date <- as.Date(data$date)
holidays <- table("holidays.csv")
holidays$ds <- as.Date(holidays$ds)
if (nrow(holidays) == 0) holidays <- Robyn::dt_prophet_holidays # cannot be cut into months else
given <- Filter(length, asked$inputs)
given$hyperparameters <- lapply(given$hyperparameters, as.numeric)
input <- do.call(robyn_inputs, c(
  list(dt_input = data, dt_holidays = holidays, date_var = "date", dep_var = "target"),
  given, list(uncertainty.samples = 0) # draws that change nothing Robyn uses
))
save(input$dt_mod, "dt_mod.csv")
# How far prophet itself moves where the target moves by rounding: what it stops at is no more exact.
set.seed(1)
moved <- lapply(if (length(given$prophet_vars)) 1:3 else NULL, function(time) {
  near <- data
  near$target <- data$target * (1 + if (time == 1) 1e-9 else 1e-9 * rnorm(nrow(data)))
  do.call(robyn_inputs, c(
    list(dt_input = near, dt_holidays = holidays, date_var = "date", dep_var = "target"),
    given, list(uncertainty.samples = 0)
  ))$dt_mod
})
for (time in seq_along(moved)) save(moved[[time]], sprintf("moved%d.csv", time))
models <- robyn_run(input,
  cores = 1, iterations = asked$iterations, trials = 1, seed = as.integer(asked$seed),
  ts_validation = asked$ts_validation, add_penalty_factor = FALSE, quiet = FALSE
)
agg <- models$trial1$resultCollect$xDecompAgg
save(agg[c("solID", "rn", "coef", "xDecompAgg")], "coefficients.csv")
outputs <- robyn_outputs(input, models,
  pareto_fronts = 1, clusters = FALSE, plot_pareto = FALSE, export = FALSE, csv_out = NULL
)
save(outputs$allPareto$resultHypParam, "candidates.csv")
writeLines(outputs$allSolutions, file.path(folder, "solutions.txt"))
if (isTRUE(asked$full)) {
  scores <- outputs$resultHypParam
  best <- scores$solID[which.min(scores$error_score)]
  robyn_write(input, outputs, select_model = best, dir = folder, add_data = TRUE, quiet = TRUE)
  for (dates in c("all", "last_20")) {
    plan <- robyn_allocator(
      InputCollect = input, OutputCollect = outputs, select_model = best, date_range = dates,
      channel_constr_low = 0.7, channel_constr_up = 1.5, keep_zero_coefs = TRUE, plots = FALSE,
      export = FALSE, quiet = TRUE
    )
    found <- plan$dt_optimOut[c("channels", "initSpendUnit", "optmSpendUnit", "optmResponseUnit")]
    save(cbind(found, status = plan$nlsMod$status, solID = best), sprintf("plan_%s.csv", dates))
  }
}
