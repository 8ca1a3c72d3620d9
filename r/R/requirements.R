#' What the engine `robyn` needs in R
#'
#' R itself, Robyn 3.12.1, what Robyn and lares import, and what this package uses.
#' Sources of the floors: the DESCRIPTION and NAMESPACE files of Robyn 3.12.1 and lares 5.3.2.
#'
#' @return A data frame, one row a package: `package`; `relation` (`"=="`, `">="`, or `""` for any
#'   version); `version` (`""` for any); `debian` (the Debian package that brings it or its
#'   dependencies, `""` where there is none); `why`.
#' @export
mmmr_requirements <- function() {
  rows <- rbind(
    need("R", ">= 4.2", "r-base-core", "the oldest R with which Robyn's numbers were checked"),
    need("Robyn", "== 3.12.1", "", "the version with which the native engine agrees"),
    # 1.28 crashes when R runs inside Python; 1.46 hangs when the process ends.
    need("reticulate", "== 1.38.0", "r-cran-reticulate", "safe while R runs inside Python"),
    need("lares", "", "", "Robyn's clustering and encodings"),
    need("glmnet", ">= 4.1-6", "r-cran-glmnet", "its stopping rule is part of the fitted numbers"),
    need("prophet", ">= 1.0", "r-cran-prophet", "trend, season and holidays"),
    need("nloptr", ">= 2.0.3", "r-cran-nloptr", "Robyn's budget allocation"),
    need("patchwork", ">= 1.3.1", "r-cran-patchwork", "Robyn refuses to load with less"),
    need("ggplot2", ">= 3.4.0", "r-cran-ggplot2", "Robyn refuses to load with less"),
    need("stringi", "", "r-cran-stringi", "sorts holidays as Robyn does in most locales"),
    need("data.table", "", "r-cran-data.table", "reads the data exactly and fast"),
    # lares imports case_match but asks for dplyr 1.0.0 only, which has none.
    need("dplyr", ">= 1.1.0", "r-cran-dplyr", "lares cannot be installed with less"),
    imports("Robyn", c(
      "doParallel", "doRNG", "foreach", "ggridges", "jsonlite", "lubridate", "stringr", "tidyr"
    )),
    need("pROC", ">= 1.18.5", "r-cran-proc", "lares refuses to load with less"),
    need("rpart.plot", ">= 3.1.0", "", "imported by lares"),
    imports("lares", c("httr", "openxlsx", "rlang", "rpart", "rvest", "yaml"))
  )
  rownames(rows) <- NULL
  rows
}

need <- function(package, rule, debian, why) {
  parts <- if (nzchar(rule)) strsplit(rule, " ", fixed = TRUE)[[1]] else c("", "")
  data.frame(package = package, relation = parts[1], version = parts[2], debian = debian, why = why)
}

imports <- function(by, packages) {
  data.frame(
    package = packages, relation = "", version = "",
    debian = paste0("r-cran-", tolower(packages)), why = paste("imported by", by)
  )
}
