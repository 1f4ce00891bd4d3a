BeforeDiscovery {
    $sets = @(
        @{ Case = 'an older set'; Version = '8.0.0'; Only = '*' }
        @{ Case = 'the same set'; Version = '10.0.12'; Only = '*' }
        @{ Case = 'a newer set'; Version = '11.0.0'; Only = '*' }
        @{ Case = 'an older Http alone'; Version = '8.0.0'; Only = '^http$' }
        @{ Case = 'the same Http alone'; Version = '10.0.12'; Only = '^http$' }
        @{ Case = 'a newer Http alone'; Version = '11.0.0'; Only = '^http$' }
        @{ Case = 'older abstractions alone'; Version = '8.0.0'; Only = '^(dependencyinjection|logging)\.abstractions$' }
        @{ Case = 'the same abstractions alone'; Version = '10.0.12'; Only = '^(dependencyinjection|logging)\.abstractions$' }
        @{ Case = 'newer abstractions alone'; Version = '11.0.0'; Only = '^(dependencyinjection|logging)\.abstractions$' }
    )
}
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')

    # Loads a set of Microsoft.Extensions into the default context, as a module does that has it in its folder.
    function Get-Preload([string] $Version, [string] $Only) {
        $folder = Join-Path $TestDrive "set-$Version"
        if (-not (Test-Path $folder)) {
            $null = New-Item -ItemType Directory $folder
            foreach ($package in Get-ChildItem $World.Packages | Where-Object Name -Match '^(microsoft\.extensions\.|system\.diagnostics\.diagnosticsource$)') {
                $lib = 'net10.0', 'net9.0', 'net8.0' | ForEach-Object { Join-Path $package.FullName $Version 'lib' $_ } | Where-Object { Test-Path $_ } | Select-Object -First 1
                if ($lib) { Copy-Item (Join-Path $lib '*.dll') $folder }
            }
        }
        $files = (Get-ChildItem $folder -Filter Microsoft.Extensions.*.dll).FullName | Where-Object { $Only -eq '*' -or (Split-Path -LeafBase $_).Substring(21) -match $Only }
        ($files | ForEach-Object { "[void][Reflection.Assembly]::LoadFrom('$_')" }) -join "`n"
    }

    # Asks one question of every kind of place.
    $places = @("oci:$($World.Sample):1.0")
    $expected = @(Get-PeerDigest "oci:$($World.Sample):1.0")
    if ($World['Registry']) {
        $places = @("$($World.Registry)/fixture/multi:1.0") + $places + "oci-archive:$($World.OciArchive):multi"
        $expected = @($expected[0]) * 3
    }
    $use = @"
Import-Module '$($World.ModulePath)/OciTools.psd1'
'$($places -join "','")' | Get-ImageDigest -ErrorAction Stop | ForEach-Object Digest
"@
    if ($World['App']) {
        $use += "`n(Get-ImageConfig docker-daemon:fixture/app:1.0 -ErrorAction Stop).ImageId`n(Get-ImageConfig 'docker-archive:$($World.SaveArchive)' -ErrorAction Stop).ImageId"
        $expected += $World.AppId, $World.AppId
    }
    if ($World['ZstdLayout']) {
        $folder = Join-Path $TestDrive 'layers'
        $use += "`n(Export-ImageLayers 'oci:$($World.ZstdLayout):zstd' -Uncompressed -Force -Destination '$folder' -ErrorAction Stop).DiffId"
        $expected += (Get-PeerConfig "oci:$($World.ZstdLayout):zstd").rootfs.diff_ids
    }
}

Describe 'Beside other modules' {
    It 'works in every place after <Case> was loaded' -ForEach $sets {
        $preload = Get-Preload $Version $Only
        @($preload -split "`n" -match 'LoadFrom').Count | Should -Be ($Only -eq '*' ? 13 : $Only -match 'http' ? 1 : 2)
        Invoke-FreshPwsh "`$ErrorActionPreference = 'Stop'`n$preload`n$use" | Should -Be $expected
    }

    It 'leaves <Case> to a module that comes later' -ForEach ($sets | Where-Object Only -EQ '*') {
        # The newest set's HTTP part wants a newer System.Diagnostics.DiagnosticSource than .NET 10 lets into the default
        # context, with or without OciTools; so the later module uses what works on its own.
        $later = @"
$(Get-Preload $Version '*')
`$services = [Microsoft.Extensions.DependencyInjection.ServiceCollection]::new()
if ($(([version]$Version).Major) -le [Environment]::Version.Major) {
    [void][Microsoft.Extensions.DependencyInjection.HttpClientFactoryServiceCollectionExtensions]::AddHttpClient(`$services)
}
`$provider = [Microsoft.Extensions.DependencyInjection.ServiceCollectionContainerBuilderExtensions]::BuildServiceProvider(`$services)
if (`$services.Count) { [void]`$provider.GetService([Net.Http.IHttpClientFactory]).CreateClient('x') }
`$provider.GetType().Assembly.GetName().Version.Major
"@
        $lines = Invoke-FreshPwsh "`$ErrorActionPreference = 'Stop'`n$use`n$later`n$use"
        $lines | Should -Be ($expected + "$(([version]$Version).Major)" + $expected)
    }
}
