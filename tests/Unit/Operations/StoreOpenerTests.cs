using System.Net;
using OciTools.Operations;
using OciTools.Stores.Registry;

namespace OciTools.UnitTests.Operations;

public sealed class StoreOpenerTests
{
    private readonly RegistryAccess _access = new() { Credential = new NetworkCredential("ann", "secret") };

    [Fact]
    public void A_credential_is_for_the_registry_of_the_first_image()
    {
        StoreOpener opener = New(_access);
        opener.Check(ImageLocation.Parse("oci:/srv/images:1"));
        opener.Check(ImageLocation.Parse("one.example.com/app:1"));
        opener.Check(ImageLocation.Parse("one.example.com/other:1"));
        Refuses(opener, "two.example.com/app:1");
    }

    [Fact]
    public void A_credential_for_both_sides_is_for_one_registry()
    {
        StoreOpener source = New(_access);
        StoreOpener destination = New(_access with { PlainHttp = true }, source);
        source.Check(ImageLocation.Parse("one.example.com/app:1"));
        destination.Check(ImageLocation.Parse("one.example.com/copy:1"));
        Refuses(destination, "two.example.com/app:1");
    }

    [Fact]
    public void Two_credentials_are_for_a_registry_each()
    {
        StoreOpener source = New(_access);
        StoreOpener destination = New(_access);
        source.Check(ImageLocation.Parse("one.example.com/app:1"));
        destination.Check(ImageLocation.Parse("two.example.com/app:1"));
        Refuses(destination, "one.example.com/app:1");
    }

    private static StoreOpener New(RegistryAccess access, StoreOpener? other = null) => new(() => throw new InvalidOperationException("Nothing is opened here."), access, other);

    private static void Refuses(StoreOpener opener, string image) =>
        Assert.Equal("CredentialForOtherRegistry", Assert.Throws<RefusedException>(() => opener.Check(ImageLocation.Parse(image))).ErrorId);
}
