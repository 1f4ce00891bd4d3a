using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace OciTools.Commands;

/// <summary>Takes the names of encodings that PowerShell's own cmdlets take, those of .NET, and numbers of code pages.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class EncodingNameAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is Encoding) return value;
        string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        try
        {
            return text.ToUpperInvariant() switch
            {
                "ASCII" => Encoding.ASCII,
                "ANSI" => CodePagesEncodingProvider.Instance.GetEncoding(CultureInfo.CurrentCulture.TextInfo.ANSICodePage) ?? Encoding.Latin1,
                "OEM" => CodePagesEncodingProvider.Instance.GetEncoding(CultureInfo.CurrentCulture.TextInfo.OEMCodePage) ?? Encoding.Latin1,
                "UTF8" or "UTF8BOM" or "UTF8NOBOM" or "DEFAULT" or "UNKNOWN" or "STRING" => Encoding.UTF8,
                "UNICODE" => Encoding.Unicode,
                "BIGENDIANUNICODE" => Encoding.BigEndianUnicode,
                "UTF32" => Encoding.UTF32,
                "BIGENDIANUTF32" => new UTF32Encoding(bigEndian: true, byteOrderMark: true),
                "LATIN1" => Encoding.Latin1,
                _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int page) => CodePagesEncodingProvider.Instance.GetEncoding(page) ?? Encoding.GetEncoding(page),
                _ => CodePagesEncodingProvider.Instance.GetEncoding(text) ?? Encoding.GetEncoding(text),
            };
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new ArgumentTransformationMetadataException($"'{DisplayText.Excerpt(text, 100)}' is no encoding; use utf8, ascii, latin1, unicode, utf32 or the number of a code page.", e);
        }
    }
}
