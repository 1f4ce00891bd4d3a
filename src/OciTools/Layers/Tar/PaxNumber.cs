namespace OciTools.Layers.Tar;

/// <summary>The numbers in PAX records and sparse maps, which are decimal text.</summary>
internal static class PaxNumber
{
    private const int FractionDigits = 9;

    /// <summary>Digits and nothing else.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (text.IsEmpty) return false;
        foreach (byte b in text)
            if (!TryAppend(ref value, b)) return false;
        return true;
    }

    /// <summary>The same for what fits into 32 bits.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> text, out uint value)
    {
        bool isNumber = TryParse(text, out long number) && number <= uint.MaxValue;
        value = isNumber ? (uint)number : 0;
        return isNumber;
    }

    /// <summary>Puts one more digit behind the others.</summary>
    internal static bool TryAppend(ref long value, byte digit)
    {
        int number = digit - '0';
        if (number is < 0 or > 9 || value > (long.MaxValue - number) / 10) return false;
        value = (value * 10) + number;
        return true;
    }

    /// <summary>Seconds since 1970 with sign and fraction; what is finer than a nanosecond is rounded down.</summary>
    internal static bool TryParseTime(ReadOnlySpan<byte> text, out long seconds, out int nanoseconds)
    {
        seconds = nanoseconds = 0;
        bool isNegative = text.Length > 0 && text[0] == '-';
        if (isNegative) text = text[1..];
        int point = text.IndexOf((byte)'.');
        if (!TryParse(point < 0 ? text : text[..point], out seconds)) return false;
        bool isFiner = false;
        if (point >= 0 && !TryParseFraction(text[(point + 1)..], out nanoseconds, out isFiner)) return false;
        if (!isNegative) return true;

        seconds = -seconds;
        if (isFiner) nanoseconds++;
        if (nanoseconds == 0) return true;
        seconds--;
        nanoseconds = 1_000_000_000 - nanoseconds;
        return true;
    }

    private static bool TryParseFraction(ReadOnlySpan<byte> text, out int nanoseconds, out bool isFiner)
    {
        isFiner = false;
        nanoseconds = 0;
        for (int i = 0; i < Math.Max(text.Length, FractionDigits); i++)
        {
            int digit = i < text.Length ? text[i] - '0' : 0;
            if (digit is < 0 or > 9) return false;
            if (i < FractionDigits) nanoseconds = (nanoseconds * 10) + digit;
            else isFiner |= digit != 0;
        }

        return true;
    }
}
