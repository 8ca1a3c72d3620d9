# A dated snapshot pins the version of everything Robyn pulls in. This day has Robyn 3.12.1,
# lares 5.3.2 and patchwork 1.3.1, and still ggplot2 3 (4.0 changed the figures' classes).
snapshot_default <- "https://packagemanager.posit.co/cran/2025-08-20"

#' Address of the package snapshot: `MMM_CRAN_SNAPSHOT`, else the pinned day
#' @noRd
snapshot_url <- function() {
  sub("/+$", "", Sys.getenv("MMM_CRAN_SNAPSHOT", snapshot_default))
}

#' Why the snapshot cannot be used, or `""` when it answers
#' @noRd
snapshot_trouble <- function(url, seconds = 5L) {
  if (startsWith(url, "file:")) {
    index <- file.path(sub("^file:(//)?", "", url), "src", "contrib", "PACKAGES")
    return(if (file.exists(index)) "" else paste("there is no", index))
  }
  tryCatch(
    {
      headers <- curlGetHeaders(paste0(url, "/src/contrib/PACKAGES.gz"), timeout = seconds)
      status <- attr(headers, "status")
      if (status < 400) "" else paste("it answers with HTTP status", status)
    },
    error = function(e) trimws(gsub("\\s+", " ", conditionMessage(e)))
  )
}

#' Install packages with all they import from the snapshot, then each pinned one in its version
#'
#' The snapshot holds one current version a package; a pin that differs from it lies in the
#' snapshot's archive. It goes last, because its own imports came with the current version.
#' @noRd
snapshot_install <- function(requirements, url, library) {
  old <- options(timeout = 600)
  on.exit(options(old))
  utils::install.packages(
    requirements$package,
    lib = library[1], repos = c(CRAN = url), type = "source", quiet = TRUE
  )
  for (i in which(requirements$relation == "==")) {
    package <- requirements$package[i]
    version <- requirements$version[i]
    if (!satisfies(found_version(package, library), "==", version)) {
      archived <- sprintf("%s/src/contrib/Archive/%s/%s_%s.tar.gz", url, package, package, version)
      file <- file.path(tempdir(), basename(archived))
      utils::download.file(archived, file, quiet = TRUE)
      utils::install.packages(file, lib = library[1], repos = NULL, type = "source", quiet = TRUE)
    }
  }
}
