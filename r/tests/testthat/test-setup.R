# A package repository of packages without code: mmmrmain imports mmmrpart (>= 2.0) and mmmrold,
# which is current in 2.0 with 1.0 in the archive, as reticulate is; mmmrbad imports what stats has
# not, as lares imports what an old dplyr has not.
source_package <- function(directory, name, version, imports = NULL, namespace = character()) {
  folder <- file.path(tempfile("source"), name)
  dir.create(folder, recursive = TRUE)
  fields <- c(
    Package = name, Version = version, Title = "Test", Description = "Test.", License = "MIT",
    Author = "Test", Maintainer = "Test <test@example.com>", Imports = imports
  )
  write.dcf(as.list(fields), file.path(folder, "DESCRIPTION"))
  writeLines(namespace, file.path(folder, "NAMESPACE"))
  dir.create(directory, recursive = TRUE, showWarnings = FALSE)
  archive <- file.path(directory, sprintf("%s_%s.tar.gz", name, version))
  withr::with_dir(dirname(folder), utils::tar(archive, name, "gzip", tar = "internal"))
  archive
}

repository <- function() {
  root <- tempfile("repository")
  current <- file.path(root, "src", "contrib")
  source_package(current, "mmmrmain", "1.0", "mmmrpart (>= 2.0), mmmrold")
  source_package(current, "mmmrpart", "2.0")
  source_package(current, "mmmrbad", "1.0", "stats", "importFrom(stats, no_such_thing)")
  source_package(current, "mmmrold", "2.0")
  source_package(file.path(current, "Archive", "mmmrold"), "mmmrold", "1.0")
  tools::write_PACKAGES(current, type = "source")
  unlink(file.path(current, "mmmrold_2.0.tar.gz")) # the pin is installed without it
  paste0("file://", root)
}

wanted <- rbind(
  need("R", ">= 4.2", "", "a reason"),
  need("mmmrmain", "== 1.0", "", "a reason"),
  need("mmmrold", "== 1.0", "", "a reason")
)

new_library <- function() {
  library <- tempfile("library")
  dir.create(library)
  c(library, .libPaths())
}

test_that("what is missing is installed, dependencies are raised, pins come from the archive", {
  library <- new_library()
  old <- source_package(tempfile("old"), "mmmrpart", "1.0")
  utils::install.packages(old, library[1], repos = NULL, type = "source", quiet = TRUE)

  expect_message(
    status <- mmmr_setup(wanted, library, repository(), debian = FALSE), "is installed now"
  )
  expect_true(all(status$ok))
  expect_identical(status$found[-1], c("1.0", "1.0"))
  expect_identical(found_version("mmmrpart", library), "2.0")

  nowhere <- "http://127.0.0.1:9"
  expect_message(mmmr_setup(wanted, library, nowhere, debian = FALSE), "is installed\\.\\s*$")
})

test_that("what a package says that cannot be installed is part of the error", {
  wrong <- rbind(need("mmmrbad", "", "", "a reason"), need("mmmrpart", "", "", "a reason"))
  expect_warning(expect_message(expect_error(
    mmmr_setup(wrong, library <- new_library(), repository(), debian = FALSE),
    "still not as needed: mmmrbad\\.\n(.*\n)*.*no_such_thing",
    class = "mmmr_setup_error"
  )), "mmmrbad")
  expect_identical(found_version("mmmrpart", library), "2.0")
})

test_that("a pin that the archive has not is said as such", {
  pinned <- need("mmmrold", "== 1.5", "", "a reason")
  expect_message(expect_error(
    mmmr_setup(pinned, new_library(), repository(), debian = FALSE),
    "mmmrold 1.5 is neither the snapshot's current version nor in its archive",
    fixed = TRUE, class = "mmmr_setup_error"
  ))
})

test_that("an installation that does not reach the version asked for is an error", {
  wrong <- need("mmmrpart", ">= 3.0", "", "a reason")
  expect_message(expect_error(
    mmmr_setup(wrong, new_library(), repository(), debian = FALSE),
    "still not as needed: mmmrpart >= 3.0 (found 2.0)",
    fixed = TRUE, class = "mmmr_setup_error"
  ))
})

test_that("an unreachable snapshot is said at once, before Debian is asked", {
  library <- new_library()
  began <- Sys.time()
  expect_error(
    mmmr_setup(wanted, library, "http://127.0.0.1:9", debian = TRUE),
    "cannot be reached",
    class = "mmmr_setup_error"
  )
  expect_lt(as.numeric(Sys.time() - began, units = "secs"), 10)
  expect_length(list.files(library[1]), 0)
})

test_that("the message for an unreachable snapshot is complete", {
  status <- data.frame(
    package = c("R", "Robyn", "lares", "patchwork"),
    needed = c(">= 4.2", "== 3.12.1", "any", ">= 2"),
    found = c("4.2.2", "", "", "1.1.2"), ok = c(TRUE, FALSE, FALSE, FALSE)
  )
  expect_identical(
    strsplit(unreachable_text("http://example.com", "no route", status), "\n")[[1]],
    c(
      "The R package snapshot cannot be reached, so Meta's Robyn cannot be installed here.",
      "  snapshot: http://example.com",
      "  reason:   no route",
      "  missing:  Robyn == 3.12.1, lares, patchwork >= 2 (found 1.1.2)",
      "What still works: everything with `engine: native` (training, dashboard, planning);",
      "only `engine: robyn` needs R.",
      "What to do: run `make setup-r` where the snapshot can be reached, or set MMM_CRAN_SNAPSHOT",
      "to a mirror of that day. No R package was installed."
    )
  )
})

test_that("an R that is too old is refused before anything is installed", {
  too_new <- rbind(need("R", ">= 99.0", "", "a reason"), wanted[2, ])
  expect_error(
    mmmr_setup(too_new, new_library(), "http://127.0.0.1:9", debian = FALSE),
    "install R 4.2 or newer",
    class = "mmmr_setup_error"
  )
})

test_that("MMM_CRAN_SNAPSHOT replaces the pinned day", {
  withr::with_envvar(
    c(MMM_CRAN_SNAPSHOT = "http://example.com/day/"),
    expect_identical(snapshot_url(), "http://example.com/day")
  )
  withr::with_envvar(
    c(MMM_CRAN_SNAPSHOT = NA), expect_match(snapshot_url(), "/[0-9]{4}-[0-9]{2}-[0-9]{2}$")
  )
})
