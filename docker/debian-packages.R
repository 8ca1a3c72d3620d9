# Prints the Debian packages that bring what the engine `robyn` needs in R. The argument is
# r/R/requirements.R, where the list is.
mmmr <- new.env()
sys.source(commandArgs(trailingOnly = TRUE)[1], mmmr)
packages <- mmmr$mmmr_requirements()$debian
cat(unique(packages[nzchar(packages)]), sep = "\n")
