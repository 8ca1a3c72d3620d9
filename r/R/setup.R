#' Install what the engine `robyn` misses in R
#'
#' Debian's binary packages first where they serve this R, the rest from one dated snapshot. Asks
#' the snapshot before it installs anything: without Robyn the rest would be of no use.
#'
#' @param requirements A data frame like [mmmr_requirements()].
#' @param library Library paths; the first one receives the packages.
#' @param url Address of the package snapshot.
#' @param debian Whether Debian's packages are used.
#' @return The status afterwards, invisibly; every row is ok. Raises `mmmr_setup_error` otherwise.
#' @export
mmmr_setup <- function(requirements = mmmr_requirements(), library = writable_library(),
                       url = snapshot_url(), debian = debian_serves()) {
  status <- mmmr_status(requirements, library)
  if (all(status$ok)) {
    message("Everything the engine `robyn` needs in R is installed.")
    return(invisible(status))
  }
  if (!all(status$ok[status$package == "R"])) {
    stop(setup_error(paste("This is R", getRversion(), "-", status$remedy[status$package == "R"])))
  }
  trouble <- snapshot_trouble(url)
  if (nzchar(trouble)) {
    stop(setup_error(unreachable_text(url, trouble, status)))
  }
  if (debian) {
    message("Installing Debian's R packages ...")
    debian_install(requirements$debian[!status$ok])
    status <- mmmr_status(requirements, library)
  }
  if (!all(status$ok)) {
    message("Installing from ", url, ": ", missing_text(status))
    said <- snapshot_install(requirements[!status$ok, ], url, library)
    status <- mmmr_status(requirements, library)
  }
  if (!all(status$ok)) {
    stop(setup_error(paste0(
      "The installation ended, but these are still not as needed: ", missing_text(status),
      ".\n", said
    )))
  }
  message("Everything the engine `robyn` needs in R is installed now.")
  invisible(status)
}

setup_error <- function(text) {
  errorCondition(text, class = "mmmr_setup_error")
}

unreachable_text <- function(url, trouble, status) {
  paste0(
    "The R package snapshot cannot be reached, so Meta's Robyn cannot be installed here.\n",
    "  snapshot: ", url, "\n",
    "  reason:   ", trouble, "\n",
    "  missing:  ", missing_text(status), "\n",
    "What still works: everything with `engine: native` (training, dashboard, planning);\n",
    "only `engine: robyn` needs R.\n",
    "What to do: run `make setup-r` where the snapshot can be reached, or set MMM_CRAN_SNAPSHOT\n",
    "to a mirror of that day. No R package was installed."
  )
}

missing_text <- function(status) {
  rows <- status[!status$ok, ]
  rule <- ifelse(rows$needed == "any", "", paste0(" ", rows$needed))
  found <- ifelse(nzchar(rows$found), paste0(" (found ", rows$found, ")"), "")
  paste0(rows$package, rule, found, collapse = ", ")
}

#' The library paths, with one in front that this user may write to
#' @noRd
writable_library <- function() {
  paths <- .libPaths()
  if (file.access(paths[1], mode = 2) == 0) {
    return(paths)
  }
  # R sets R_LIBS_USER at its start but leaves it out of .libPaths() while it does not exist.
  own <- Sys.getenv("R_LIBS_USER")
  dir.create(own, recursive = TRUE, showWarnings = FALSE)
  .libPaths(c(own, paths))
  .libPaths()
}
