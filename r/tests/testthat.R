library(testthat)
library(mmmr)

test_check("mmmr")
