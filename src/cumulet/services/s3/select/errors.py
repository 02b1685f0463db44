"""The error codes of S3 Select, in the words of the S3 API Reference (List of SELECT Object Content errors).

An error found before the first record is the answer to the request; one found later ends the event stream.
"""

from __future__ import annotations

from cumulet.kernel.errors import ServiceError


class SelectError(ServiceError):
    """Any refusal of S3 Select."""

    status = 400


class AmbiguousFieldName(SelectError):
    message = "The field name matches to multiple fields in the file. Check the SQL expression and the file."


class CastFailed(SelectError):
    message = "An attempt to convert from one data type to another using CAST failed in the SQL expression."


class ColumnTooLong(SelectError):
    message = "The length of a column in the result is greater than maxCharsPerColumn of 1 MB."


class CSVEscapingRecordDelimiter(SelectError):
    message = (
        "A quoted record delimiter was found in the file. To allow quoted record delimiters, set "
        "AllowQuotedRecordDelimiter to 'TRUE'."
    )


class CSVUnescapedQuote(SelectError):
    message = "An unescaped quote was found while parsing the CSV file."


class EvaluatorBindingDoesNotExist(SelectError):
    message = "A column name or a path provided does not exist in the SQL expression."


class EvaluatorInvalidArguments(SelectError):
    message = "There is an incorrect number of arguments in the function call in the SQL expression."


class EvaluatorInvalidTimestampFormatPattern(SelectError):
    message = "The timestamp format string in the SQL expression is not valid."


class EvaluatorInvalidTimestampFormatPatternSymbol(SelectError):
    message = "The timestamp format pattern contains an invalid symbol in the SQL expression."


class EvaluatorInvalidTimestampFormatPatternSymbolForParsing(SelectError):
    message = "The timestamp format pattern contains a valid format symbol that can't be applied to parsing."


class EvaluatorInvalidTimestampFormatPatternToken(SelectError):
    message = "The timestamp format pattern contains an invalid token in the SQL expression."


class EvaluatorLikePatternInvalidEscapeSequence(SelectError):
    message = "An argument given to the LIKE expression was not valid."


class EvaluatorNegativeLimit(SelectError):
    message = "LIMIT must not be negative."


class EvaluatorTimestampFormatPatternDuplicateFields(SelectError):
    message = "The timestamp format pattern contains multiple format specifiers for one timestamp field."


class EvaluatorTimestampFormatPatternHourClockAmPmMismatch(SelectError):
    message = "The timestamp format pattern mixes a 12-hour clock and a 24-hour clock."


class EvaluatorUnterminatedTimestampFormatPatternToken(SelectError):
    message = "The timestamp format pattern contains an unterminated token in the SQL expression."


class ExpressionTooLong(SelectError):
    message = "The SQL expression is too long. The maximum byte-length for an SQL expression is 256 KB."


class IncorrectSqlFunctionArgumentType(SelectError):
    message = "Incorrect type of arguments in the function call in the SQL expression."


class IntegerOverflow(SelectError):
    message = "An integer overflow or underflow occurred in the SQL expression."


class InvalidColumnIndex(SelectError):
    message = "The column index in the SQL expression is not valid."


class InvalidCompressionFormat(SelectError):
    message = "The file is not in a supported compression format. Only GZIP and BZIP2 are supported."


class InvalidDataSource(SelectError):
    message = "The data source type is not valid. Only CSV, JSON, and Parquet are supported."


class InvalidExpressionType(SelectError):
    message = "The ExpressionType value is not valid. Only SQL expressions are supported."


class InvalidFileHeaderInfo(SelectError):
    message = "The FileHeaderInfo value is not valid. Only NONE, USE, and IGNORE are supported."


class InvalidJsonType(SelectError):
    message = "The JsonType value is not valid. Only DOCUMENT and LINES are supported."


class InvalidKeyPath(SelectError):
    message = "The key path in the SQL expression is not valid."


class InvalidQuoteFields(SelectError):
    message = "The QuoteFields value is not valid. Only ALWAYS and ASNEEDED are supported."


class InvalidRequestParameter(SelectError):
    message = "The value of a parameter in the SelectRequest element is not valid."


class InvalidScanRange(SelectError):
    message = "The provided scan range is not valid."


class InvalidTextEncoding(SelectError):
    message = "The encoding type is not valid. UTF-8 is the only encoding that is supported."


class JSONParsingError(SelectError):
    message = "An error occurred while parsing the JSON file. Check the file and try again."


class LexerInvalidChar(SelectError):
    message = "The SQL expression contains a character that is not valid."


class LexerInvalidIONLiteral(SelectError):
    message = "The SQL expression contains an Ion literal that is not valid."


class LexerInvalidLiteral(SelectError):
    message = "The SQL expression contains a literal that is not valid."


class LikeInvalidInputs(SelectError):
    message = "An argument given to the LIKE expression in the SQL expression is not valid."


class MissingHeaders(SelectError):
    message = "Some headers in the query are missing from the file. Check the file and try again."


class MissingRequiredParameter(SelectError):
    message = "The SelectRequest entity is missing a required parameter. Check the service documentation."


class MultipleDataSourcesUnsupported(SelectError):
    message = "Multiple data sources are not supported."


class ObjectSerializationConflict(SelectError):
    message = "The SelectRequest entity can contain only one of CSV, JSON or Parquet. Check the documentation."


class OverMaxRecordSize(SelectError):
    message = "The length of a record in the input or result is greater than the maxCharsPerRecord limit of 1 MB."


class ParseAsteriskIsNotAloneInSelectList(SelectError):
    message = "Other expressions are not allowed in the SELECT list when * is used without dot notation."


class ParseCastArity(SelectError):
    message = "The SQL expression CAST has incorrect arity."


class ParseEmptySelect(SelectError):
    message = "The SQL expression contains an empty SELECT clause."


class ParseExpectedArgumentDelimiter(SelectError):
    message = "The parser did not find the expected argument delimiter in the SQL expression."


class ParseExpectedDatePart(SelectError):
    message = "The parser did not find the expected date part in the SQL expression."


class ParseExpectedExpression(SelectError):
    message = "The parser did not find the expected SQL expression."


class ParseExpectedIdentForAlias(SelectError):
    message = "The parser did not find the expected identifier for the alias in the SQL expression."


class ParseExpectedKeyword(SelectError):
    message = "The parser did not find the expected keyword in the SQL expression."


class ParseExpectedLeftParenAfterCast(SelectError):
    message = "The parser did not find the expected left parenthesis after CAST in the SQL expression."


class ParseExpectedMember(SelectError):
    message = "The parser did not find the expected member in the SQL expression."


class ParseExpectedNumber(SelectError):
    message = "The parser did not find the expected number in the SQL expression."


class ParseExpectedRightParenBuiltinFunctionCall(SelectError):
    message = "The parser did not find the expected right parenthesis in the SQL expression."


class ParseExpectedTypeName(SelectError):
    message = "The parser did not find the expected type name in the SQL expression."


class ParseExpectedWhenClause(SelectError):
    message = "The parser did not find the expected WHEN clause in CASE in the SQL expression."


class ParseInvalidContextForWildcardInSelectList(SelectError):
    message = "The use of * in the SELECT list in the SQL expression is not valid."


class ParseInvalidTypeParam(SelectError):
    message = "The SQL expression contains a parameter value that is not valid."


class ParseNonUnaryAgregateFunctionCall(SelectError):  # AWS spells it so
    message = "Only one argument is supported for aggregate functions in the SQL expression."


class ParseSelectMissingFrom(SelectError):
    message = "The SELECT clause in the SQL expression is missing a FROM clause."


class ParseUnexpectedKeyword(SelectError):
    message = "The SQL expression contains an unexpected keyword."


class ParseUnexpectedTerm(SelectError):
    message = "The SQL expression contains an unexpected term."


class ParseUnexpectedToken(SelectError):
    message = "The SQL expression contains an unexpected token."


class ParseUnsupportedCallWithStar(SelectError):
    message = "Only COUNT with (*) as a parameter is supported in the SQL expression."


class ParseUnsupportedSelect(SelectError):
    message = "The SQL expression contains an unsupported use of SELECT."


class ParseUnsupportedSyntax(SelectError):
    message = "The SQL expression contains unsupported syntax."


class TruncatedInput(SelectError):
    message = "Object decompression failed. Check that the object is properly compressed."


class UnsupportedFunction(SelectError):
    message = "An unsupported SQL function was encountered."


class UnsupportedScanRangeInput(SelectError):
    message = "Scan range queries are not supported on this type of object."


class UnsupportedSqlStructure(SelectError):
    message = "An unsupported SQL structure was encountered. Check the SQL reference."


class ValueParseFailure(SelectError):
    message = "A timestamp could not be parsed in the SQL expression."
