#' What of the requirements is installed
#'
#' Compares installed versions with the requirements; loads nothing, so it is quick and works on
#' an R without a single extra package.
#'
#' @param requirements A data frame like [mmmr_requirements()].
#' @param library Character vector of library paths that are searched.
#' @return A data frame, one row a requirement: `package`, `needed` (`"== 3.12.1"`, `"any"`),
#'   `found` (version, `""` when missing), `ok`, `remedy` (what to do, `""` when ok).
#' @export
mmmr_status <- function(requirements = mmmr_requirements(), library = .libPaths()) {
  found <- vapply(requirements$package, found_version, "", library = library, USE.NAMES = FALSE)
  ok <- mapply(satisfies, found, requirements$relation, requirements$version, USE.NAMES = FALSE)
  data.frame(
    package = requirements$package,
    needed = needed_text(requirements),
    found = found,
    ok = ok,
    remedy = ifelse(ok, "", remedy_text(requirements$package, requirements$why))
  )
}

#' The status as JSON
#'
#' Written here, because jsonlite is one of the packages whose absence must be reported.
#'
#' @param status A data frame like that of [mmmr_status()]: text and logical columns without
#'   control characters.
#' @return One string: a JSON array of objects.
#' @export
status_json <- function(status) {
  stopifnot(nrow(status) > 0, !anyNA(status))
  fields <- Map(function(name, column) {
    paste0(json_text(name), ": ", if (is.logical(column)) tolower(column) else json_text(column))
  }, names(status), status)
  objects <- paste0("  {", do.call(paste, c(unname(fields), sep = ", ")), "}")
  paste0("[\n", paste(objects, collapse = ",\n"), "\n]")
}

json_text <- function(text) {
  stopifnot(is.character(text), !grepl("[[:cntrl:]]", text))
  paste0('"', gsub('(["\\\\])', "\\\\\\1", text), '"')
}

found_version <- function(package, library) {
  if (package == "R") {
    return(as.character(getRversion()))
  }
  tryCatch(
    as.character(utils::packageVersion(package, lib.loc = library)),
    packageNotFoundError = function(e) ""
  )
}

satisfies <- function(found, relation, version) {
  if (!nzchar(found)) {
    return(FALSE)
  }
  switch(relation,
    "==" = package_version(found) == package_version(version),
    ">=" = package_version(found) >= package_version(version),
    TRUE
  )
}

needed_text <- function(requirements) {
  ifelse(
    nzchar(requirements$relation), paste(requirements$relation, requirements$version), "any"
  )
}

remedy_text <- function(package, why) {
  ifelse(
    package == "R",
    "install R 4.2 or newer (Debian: r-base-core; conda: environment.yml), then `make setup-r`",
    paste0("`make setup-r` installs it (", why, ")")
  )
}
