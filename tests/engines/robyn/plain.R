# Robyn itself, called as its guide says, without the product's R package: inputs, search, outputs.
suppressPackageStartupMessages(library(Robyn))
folder <- commandArgs(TRUE)[[1]]
asked <- jsonlite::fromJSON(file.path(folder, "asked.json"))
table <- function(name, ...) read.csv(file.path(folder, name), check.names = FALSE, ...)
save <- function(found, name) {
  found <- as.data.frame(found)
  numbers <- vapply(found, is.numeric, NA)
  found[numbers] <- lapply(found[numbers], function(x) sprintf("%.17g", x))
  write.csv(found[!vapply(found, is.list, NA)], file.path(folder, name), row.names = FALSE)
}
data <- table("data.csv", na.strings = character())
data$date <- as.Date(data$date)
holidays <- table("holidays.csv")
holidays$ds <- as.Date(holidays$ds)
given <- Filter(length, asked$inputs)
given$hyperparameters <- lapply(given$hyperparameters, as.numeric)
input <- do.call(robyn_inputs, c(
  list(dt_input = data, dt_holidays = holidays, date_var = "date", dep_var = "target"),
  given, list(uncertainty.samples = 0) # draws that change nothing Robyn uses
))
save(input$dt_mod, "dt_mod.csv")
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
