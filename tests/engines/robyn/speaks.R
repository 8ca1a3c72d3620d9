# What the tests of the host let R do. Real R, no Robyn.

give_back <- function(x) x

classes <- function(table) vapply(table, function(column) class(column)[1], "")

missing_by_column <- function(table) {
  vapply(table, function(column) paste(which(is.na(column)), collapse = " "), "")
}

not_a_number <- function(table) vapply(table, function(column) any(is.nan(column)), NA)

rows <- function(table) nrow(table)

every_kind <- function() {
  data.frame(
    double = c(1.5, NA, NaN, Inf), integer = c(1L, NA, 3L, 4L), logical = c(TRUE, NA, FALSE, TRUE),
    date = as.Date(c("2020-02-29", NA, "1969-12-31", "2021-01-01")),
    whole_date = structure(c(18000L, NA, 0L, -1L), class = "Date"),
    text = c("a", NA, "", "\u00e4\u20ac"), factor = factor(c("low", NA, "high", "low")),
    stringsAsFactors = FALSE
  )
}

with_times <- function() data.frame(at = as.POSIXct("2020-01-01", tz = "UTC"))

with_lists <- function() list(named = c(a = 1, b = NA), many = 1:3, none = NULL, text = "x")

with_a_function <- function() list(f = mean)

outer_call <- function(what) middle_call(paste("very", what))

middle_call <- function(what) inner_call(what)

inner_call <- function(what) stop("it went ", what, call. = TRUE)

beyond <- function() list(1)[[2]]

warns <- function() {
  warning("careful now")
  "done"
}

partial <- function() warning("Error while running robyn_mmm(); providing PARTIAL results")

say <- function(lines) {
  for (i in seq_len(lines)) cat("line ", i, "\n", sep = "")
  message("and a message")
  lines
}

bar <- function() {
  progress <- utils::txtProgressBar(max = 300, style = 3)
  for (i in 1:300) utils::setTxtProgressBar(progress, i)
  close(progress)
}

tick <- function(times, seconds) {
  for (i in seq_len(times)) {
    cat("tick ", i, "\n", sep = "")
    Sys.sleep(seconds)
  }
}

busy <- function() repeat sqrt(2)

end_with_signal <- function(number) {
  cat("last words\n")
  tools::pskill(Sys.getpid(), number)
  Sys.sleep(10)
}

leave <- function() quit(status = 7)

start_a_child <- function() {
  system("sleep 1000", wait = FALSE)
  cat("started\n")
  Sys.sleep(1000)
}

asks <- function() readline("really? ")

environment_says <- function() {
  c(
    tz = Sys.timezone(), threads = Sys.getenv("OMP_NUM_THREADS"), locale = Sys.getlocale("LC_CTYPE"),
    python = Sys.getenv("RETICULATE_PYTHON"), temporary = dirname(tempdir())
  )
}

# What `search` calls. A trial is quick or slow, says something, and leaves its number and what
# it was given.
mmmr_trial <- function(input, trial, file) {
  cat("searching\n")
  Sys.sleep(input$seconds)
  if (identical(input$bad, as.numeric(trial))) stop("no luck in trial ", trial)
  saveRDS(list(trial = trial, input = input, process = Sys.getpid()), file)
  trial
}

read_trials <- function(files) {
  found <- lapply(files, readRDS)
  data.frame(
    trial = vapply(found, function(x) x$trial, 1L),
    process = vapply(found, function(x) x$process, 1L)
  )
}
