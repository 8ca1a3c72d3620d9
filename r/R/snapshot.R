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

#' Install packages with all they import from the snapshot
#'
#' @return What the packages that could not be installed said last, `""` when all could.
#' @noRd
snapshot_install <- function(requirements, url, library) {
  old <- options(timeout = 600)
  on.exit(options(old))
  outputs <- tempfile("outputs")
  utils::install.packages(
    requirements$package,
    lib = library[1], repos = c(CRAN = url), available = with_pins(requirements, url),
    type = "source", quiet = TRUE, keep_outputs = outputs, Ncpus = processes()
  )
  failures(outputs)
}

#' What the snapshot offers, each pinned package in its version
#'
#' The snapshot holds one current version a package; a pin that differs from it lies in the
#' snapshot's archive. In place of the current one it is installed after what it imports itself, and
#' before what imports it.
#' @noRd
with_pins <- function(requirements, url) {
  available <- utils::available.packages(utils::contrib.url(url, "source"))
  current <- available[match(requirements$package, rownames(available)), "Version"]
  same <- !is.na(current) & current == requirements$version
  pins <- requirements[requirements$relation == "==" & !same, ]
  if (nrow(pins) == 0) {
    return(available)
  }
  folder <- tempfile("pins")
  dir.create(folder)
  for (i in seq_len(nrow(pins))) {
    archived_download(pins$package[i], pins$version[i], url, folder)
  }
  tools::write_PACKAGES(folder, type = "source")
  own <- utils::available.packages(paste0("file://", folder))
  rbind(available[!rownames(available) %in% pins$package, , drop = FALSE], own)
}

archived_download <- function(package, version, url, folder) {
  archived <- sprintf("%s/src/contrib/Archive/%s/%s_%s.tar.gz", url, package, package, version)
  tryCatch(
    suppressWarnings(
      utils::download.file(archived, file.path(folder, basename(archived)), quiet = TRUE)
    ),
    error = function(e) {
      stop(setup_error(paste0(
        package, " ", version, " is neither the snapshot's current version nor in its archive.\n",
        "  reason: ", conditionMessage(e)
      )))
    }
  )
}

#' How many packages are compiled side by side; R needs `make` for more than one
#' @noRd
processes <- function() {
  if (nzchar(Sys.which("make"))) max(1L, parallel::detectCores(), na.rm = TRUE) else 1L
}

#' The last lines of each package's output that does not end as a success does
#' @noRd
failures <- function(outputs) {
  texts <- lapply(list.files(outputs, full.names = TRUE), readLines, warn = FALSE)
  failed <- Filter(function(lines) !any(startsWith(lines, "* DONE (")), texts)
  paste(unlist(lapply(failed, utils::tail, 8)), collapse = "\n")
}
