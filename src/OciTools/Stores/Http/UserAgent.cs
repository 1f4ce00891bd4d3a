namespace OciTools.Stores.Http;

/// <summary>How OciTools names itself to servers.</summary>
internal static class UserAgent
{
    internal static string Value { get; } = "OciTools/" + typeof(UserAgent).Assembly.GetName().Version?.ToString(3);
}
