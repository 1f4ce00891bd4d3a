using OciTools.Commands;
using OciTools.Operations;

namespace OciTools.Loading;

internal static class StoreOpening
{
    internal static ImagePlaces CreatePlaces(PlaceCommand command) => throw new NotImplementedException();
}
