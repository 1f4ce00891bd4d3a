BeforeDiscovery {
    $sets = @(
        @{ Case = 'an older set'; Version = '8.0.0'; Only = '*' }
        @{ Case = 'the same set'; Version = '10.0.12'; Only = '*' }
        @{ Case = 'a newer set'; Version = '11.0.0'; Only = '*' }
    )
    if ($World['Slow']) {
        $sets += @(
            @{ Case = 'an older Http alone'; Version = '8.0.0'; Only = '^http$' }
            @{ Case = 'the same Http alone'; Version = '10.0.12'; Only = '^http$' }
            @{ Case = 'a newer Http alone'; Version = '11.0.0'; Only = '^http$' }
            @{ Case = 'older abstractions alone'; Version = '8.0.0'; Only = '^(dependencyinjection|logging)\.abstractions$' }
            @{ Case = 'the same abstractions alone'; Version = '10.0.12'; Only = '^(dependencyinjection|logging)\.abstractions$' }
            @{ Case = 'newer abstractions alone'; Version = '11.0.0'; Only = '^(dependencyinjection|logging)\.abstractions$' }
        )
    }
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
        $use += "`n(Export-ImageLayers 'oci:$($World.ZstdLayout):zstd' -Uncompressed -Force -Destination `"$folder-`$PID`" -ErrorAction Stop).DiffId"
        $expected += (Get-PeerConfig "oci:$($World.ZstdLayout):zstd").rootfs.diff_ids
    }
}

Describe 'Beside other modules' -ForEach @{ All = $sets } {
    BeforeAll {
        # Each case is a PowerShell of its own, which waits a good part of its time; so three run at a time.
        $scripts = @{}
        foreach ($set in $All) {
            $preload = Get-Preload $set.Version $set.Only
            $scripts["after $($set.Case)"] = "`$ErrorActionPreference = 'Stop'`n$preload`n$use"
            # The newest set's HTTP part wants a newer System.Diagnostics.DiagnosticSource than .NET 10 lets into the default
            # context, with or without OciTools; so the later module uses what works on its own.
            $later = @"
$preload
`$services = [Microsoft.Extensions.DependencyInjection.ServiceCollection]::new()
if ($(([version]$set.Version).Major) -le [Environment]::Version.Major) {
    [void][Microsoft.Extensions.DependencyInjection.HttpClientFactoryServiceCollectionExtensions]::AddHttpClient(`$services)
}
`$provider = [Microsoft.Extensions.DependencyInjection.ServiceCollectionContainerBuilderExtensions]::BuildServiceProvider(`$services)
if (`$services.Count) { [void]`$provider.GetService([Net.Http.IHttpClientFactory]).CreateClient('x') }
`$provider.GetType().Assembly.GetName().Version.Major
"@
            if ($set.Only -eq '*') { $scripts["before $($set.Case)"] = "`$ErrorActionPreference = 'Stop'`n$use`n$later`n$use" }
        }
        $pwsh = @(Get-PwshCommand)
        $said = @{}
        $scripts.GetEnumerator() | ForEach-Object -ThrottleLimit 3 -Parallel {
            $pwsh = $using:pwsh
            @{ $_.Key = @(& $pwsh[0] @($pwsh | Select-Object -Skip 1) -NoProfile -NonInteractive -Command $_.Value 2>&1 | ForEach-Object { "$_" }) }
        } | ForEach-Object { $said += $_ }
    }

    It 'works in every place after <Case> was loaded' -ForEach $sets {
        $preload = Get-Preload $Version $Only
        @($preload -split "`n" -match 'LoadFrom').Count | Should -Be ($Only -eq '*' ? 13 : $Only -match 'http' ? 1 : 2)
        $said["after $Case"] | Should -Be $expected
    }

    It 'leaves <Case> to a module that comes later' -ForEach ($sets | Where-Object Only -EQ '*') {
        $said["before $Case"] | Should -Be ($expected + "$(([version]$Version).Major)" + $expected)
    }
}
