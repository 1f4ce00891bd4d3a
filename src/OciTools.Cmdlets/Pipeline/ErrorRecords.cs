using System.Management.Automation;
using OciTools.Completion;

namespace OciTools.Commands;

/// <summary>Turns exceptions into error records: the id of the catalogue, its category, and what to do.</summary>
internal static class ErrorRecords
{
    /// <summary>The record of an error.</summary>
    /// <param name="exception">What happened.</param>
    /// <param name="target">What the user gave.</param>
    /// <param name="isImageFile">Whether a file or a layout lies at a path, seen from PowerShell's location.</param>
    internal static ErrorRecord From(Exception exception, object target, Func<string, bool> isImageFile)
    {
        OciException error = exception as OciException ?? Known(exception);
        ErrorRecord record = new(error, error.ErrorId, CategoryOf(error.Kind), target);
        string? meant = target is string name ? NameAdvice.For(error, name, isImageFile, KnownNames.TagsOf) : null;
        record.ErrorDetails = new ErrorDetails(DisplayText.Clean(error.Message)) { RecommendedAction = meant is null ? error.Recommendation : $"{meant} {error.Recommendation}" };
        return record;
    }

    private static OciException Known(Exception exception) => exception switch
    {
        UnauthorizedAccessException or IOException => ErrorCatalogue.ReadFailed.Error(DisplayText.Excerpt(exception.Message), exception),
        OperationCanceledException or TimeoutException => ErrorCatalogue.TimedOut.Error(DisplayText.Excerpt(exception.Message), exception),
        HttpRequestException => ErrorCatalogue.ConnectionFailed.Error(DisplayText.Excerpt(exception.Message), exception),
        _ => ErrorCatalogue.InternalError.Error($"{exception.GetType().Name}: {DisplayText.Excerpt(exception.Message)}", exception),
    };

    private static ErrorCategory CategoryOf(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidName => ErrorCategory.InvalidArgument,
        ErrorKind.NotFound => ErrorCategory.ObjectNotFound,
        ErrorKind.Unauthorized => ErrorCategory.AuthenticationError,
        ErrorKind.Forbidden => ErrorCategory.PermissionDenied,
        ErrorKind.RateLimited => ErrorCategory.LimitsExceeded,
        ErrorKind.Refused => ErrorCategory.SecurityError,
        ErrorKind.Integrity or ErrorKind.Malformed => ErrorCategory.InvalidData,
        ErrorKind.Unsupported => ErrorCategory.NotImplemented,
        ErrorKind.Unreachable => ErrorCategory.ConnectionError,
        ErrorKind.Timeout => ErrorCategory.OperationTimeout,
        ErrorKind.Protocol => ErrorCategory.ProtocolError,
        ErrorKind.Unavailable => ErrorCategory.ResourceUnavailable,
        ErrorKind.Conflict => ErrorCategory.ResourceExists,
        ErrorKind.ReadFailed => ErrorCategory.ReadError,
        ErrorKind.WriteFailed => ErrorCategory.WriteError,
        _ => ErrorCategory.InvalidOperation,
    };
}
