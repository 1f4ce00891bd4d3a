namespace OciTools;

/// <summary>How sure it is which layer a row of the history made, and why that cannot be told.</summary>
public enum HistoryJoinState
{
    /// <summary>The row made the layer that it is joined with.</summary>
    Joined,

    /// <summary>The row changed the config only and made no layer.</summary>
    NoLayer,

    /// <summary>There is no history at all: the row stands for a layer whose command nobody wrote down.</summary>
    NoHistory,

    /// <summary>The history speaks of another number of layers than the image has, so that no row is joined.</summary>
    CountsDiffer,

    /// <summary>The engine does not say which of its rows without size made an empty layer, and there is more than one way.</summary>
    Ambiguous,
}
