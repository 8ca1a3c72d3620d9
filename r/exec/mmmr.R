#!/usr/bin/env Rscript
# mmmr.R status: prints the status as JSON, for `mmm doctor`; works before mmmr is installed.
# mmmr.R setup:  installs what the engine `robyn` misses, then mmmr itself; r/setup.sh calls it.
# Exit status 0 only when every requirement is met.

# Rscript passes its own path with spaces written as ~+~.
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
root <- dirname(dirname(normalizePath(gsub("~+~", " ", script, fixed = TRUE))))
mmmr <- new.env()
for (file in list.files(file.path(root, "R"), "[.]R$", full.names = TRUE)) {
  sys.source(file, mmmr)
}

run_status <- function() {
  status <- mmmr$mmmr_status()
  cat(mmmr$status_json(status), "\n", sep = "")
  if (all(status$ok)) 0L else 1L
}

run_setup <- function() {
  trouble <- tryCatch(
    {
      mmmr$mmmr_setup()
      NULL
    },
    mmmr_setup_error = conditionMessage
  )
  if (!is.null(trouble)) {
    message(trouble)
    return(1L)
  }
  arguments <- c("CMD", "INSTALL", paste0("--library=", .libPaths()[1]), root)
  system2(file.path(R.home("bin"), "R"), shQuote(arguments))
}

code <- switch(paste(commandArgs(trailingOnly = TRUE), collapse = " "),
  status = run_status(),
  setup = run_setup(),
  stop("usage: Rscript mmmr.R status|setup", call. = FALSE)
)
quit(status = code)
