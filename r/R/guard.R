#' Call a function; what goes wrong is a value, with the calls that led there
#'
#' The engine's Python side calls everything through this. Warnings appear on the console at once.
#' Robyn warns of partial results and goes on; here that is a failure.
#'
#' @param name Name of the function.
#' @param arguments List of its arguments, by position.
#' @param functions Environment the name is looked up in.
#' @return A list: `ok` and `value`; or `ok`, `message`, `call` and `traceback` (one text a call,
#'   outermost first).
#' @noRd
mmmr_guard <- function(name, arguments, functions = parent.frame()) {
  calls <- NULL
  note_calls <- function(...) {
    calls <<- sys.calls()
  }
  stop_partial <- function(warning) {
    if (grepl("PARTIAL results", conditionMessage(warning), ignore.case = TRUE)) {
      note_calls()
      stop(errorCondition(conditionMessage(warning), call = conditionCall(warning)))
    }
  }
  tryCatch(
    {
      value <- withCallingHandlers(
        do.call(name, arguments, envir = functions),
        error = note_calls, warning = stop_partial
      )
      list(ok = TRUE, value = value)
    },
    error = function(error) {
      list(
        ok = FALSE, message = conditionMessage(error), call = call_text(conditionCall(error)),
        traceback = vapply(own_calls(calls), call_text, "", USE.NAMES = FALSE)
      )
    }
  )
}

#' One line of a call; tables among its arguments would be pages long
#' @noRd
call_text <- function(call) {
  if (is.null(call)) {
    return("")
  }
  text <- paste(deparse(call, width.cutoff = 120L, nlines = 2L), collapse = " ")
  if (nchar(text) > 200L) paste0(substr(text, 1L, 197L), "...") else text
}

#' The calls between the guarded function and the error, without the guard's own
#' @noRd
own_calls <- function(calls) {
  texts <- vapply(calls, function(call) paste(deparse(call[[1]], nlines = 1L), collapse = ""), "")
  first <- match("withCallingHandlers", texts, nomatch = 0L)
  handlers <- c(".handleSimpleError", ".signalSimpleWarning")
  last <- min(match(handlers, texts, nomatch = length(texts) + 1L))
  if (first + 2L >= last) list() else calls[(first + 2L):(last - 1L)]
}
