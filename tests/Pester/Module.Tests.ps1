BeforeDiscovery {
    $commands = @(Get-Command -Module OciTools -CommandType Cmdlet)
    $cases = @($commands | ForEach-Object { @{ Name = $_.Name; Command = $_ } })
    $readers = @($commands | Where-Object { $_.Parameters.ContainsKey('Image') -and $_.Verb -in 'Get', 'Test', 'Measure' } | ForEach-Object { @{ Name = $_.Name } })
    $outputs = @($commands | ForEach-Object { $_.OutputType.Type } | Where-Object { $_ -and $_.Namespace -eq 'OciTools' } | Sort-Object FullName -Unique | ForEach-Object { @{ Type = $_.FullName } })
}
BeforeAll { . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1') }

Describe 'The packed module' {
    It 'has a manifest that PowerShell accepts' {
        $manifest = Test-ModuleManifest (Join-Path $World.ModulePath 'OciTools.psd1') -ErrorAction Stop
        "$($manifest.Version)" | Should -BeExactly (Split-Path -Leaf $World.ModulePath)
        $manifest.PowerShellVersion | Should -Be '7.6'
        $manifest.CompatiblePSEditions | Should -Be 'Core'
    }
    It 'exports exactly the cmdlets and the alias that it names' {
        $data = Import-PowerShellDataFile (Join-Path $World.ModulePath 'OciTools.psd1')
        (Get-Command -Module OciTools -CommandType Cmdlet).Name | Sort-Object | Should -Be @($data.CmdletsToExport | Sort-Object)
        $data.CmdletsToExport | Where-Object { $_ -match '[*?]' } | Should -BeNullOrEmpty
        (Get-Module OciTools).ExportedAliases.Keys | Should -Be 'Export-ImageLayer'
        $data.FunctionsToExport | Should -BeNullOrEmpty
        $data.VariablesToExport | Should -BeNullOrEmpty
    }
    It 'ships no assembly of PowerShell and none of the library twice' {
        $names = (Get-ChildItem $World.ModulePath -Recurse -Filter *.dll).Name
        $names | Where-Object { $_ -match '^System\.Management\.Automation|^PowerShellStandard|^Microsoft\.PowerShell' } | Should -BeNullOrEmpty
        $names | Group-Object | Where-Object Count -GT 1 | Should -BeNullOrEmpty
        (Get-ChildItem $World.ModulePath -Filter *.dll).Name | Sort-Object | Should -Be 'OciTools.Cmdlets.dll', 'OciTools.dll'
    }
    It 'collects what it is done with, however much garbage the processor has room for' {
        $before = $env:DOTNET_GCgen0size
        $env:DOTNET_GCgen0size = '20000000' # hexadecimal: 512 MiB, as on a very large server
        try {
            $said = Invoke-FreshPwsh @"
Import-Module '$($World.ModulePath)/OciTools.psd1'
`$image = Get-ImageManifest 'oci:$($World.Sample):1.0'
[GC]::Collect()
`$before, `$bytes = [GC]::CollectionCount(0), [GC]::GetTotalAllocatedBytes()
`$null = @(`$image) * 3000 | Get-ImageManifest
[GC]::CollectionCount(0) - `$before
([GC]::GetTotalAllocatedBytes() - `$bytes) / 1MB
"@
        }
        finally { $env:DOTNET_GCgen0size = $before }
        [double]$said[1] | Should -BeGreaterThan 48
        [int]$said[0] | Should -BeGreaterThan 1
    }
    It 'references no third-party assembly from <_>' -ForEach 'OciTools.dll', 'OciTools.Cmdlets.dll' {
        $stream = [IO.File]::OpenRead((Join-Path $World.ModulePath $_))
        try {
            $reader = [Reflection.PortableExecutable.PEReader]::new($stream)
            $metadata = [Reflection.Metadata.PEReaderExtensions]::GetMetadataReader($reader)
            $references = foreach ($handle in $metadata.AssemblyReferences) { $metadata.GetString($metadata.GetAssemblyReference($handle).Name) }
        }
        finally { $stream.Dispose() }
        $references.Count | Should -BeGreaterThan 3
        $framework = Split-Path ([object].Assembly.Location)
        $references | Where-Object { $_ -notin 'OciTools', 'System.Management.Automation', 'netstandard' -and -not (Test-Path (Join-Path $framework "$_.dll")) } | Should -BeNullOrEmpty
    }
    It 'knows its types before a cmdlet ran, and imports in reasonable time' {
        $lines = Invoke-FreshPwsh "`$clock = [Diagnostics.Stopwatch]::StartNew(); Import-Module '$($World.ModulePath)/OciTools.psd1'; `$clock.ElapsedMilliseconds; [OciTools.Digest].FullName"
        $lines[1] | Should -BeExactly 'OciTools.Digest'
        [int]$lines[0] | Should -BeLessThan 2000
    }
    It 'imports again with -Force' {
        $lines = Invoke-FreshPwsh "Import-Module '$($World.ModulePath)/OciTools.psd1'; Import-Module '$($World.ModulePath)/OciTools.psd1' -Force; (Get-ImageDigest '$($World.Sample)').Digest"
        $lines | Should -BeExactly (Get-PeerDigest "oci:$($World.Sample):1.0")
    }
    It 'makes no identity out of a hashtable or a text that is none' {
        { [OciTools.Digest]@{ Algorithm = 'sha256'; Hex = '00' } } | Should -Throw
        { [OciTools.Digest]'sha256:zz' } | Should -Throw
        { [OciTools.ImageReference]@{ Registry = 'r'; Repository = 'x' } } | Should -Throw
        { [OciTools.ImageLocation]@{ Path = '/' } } | Should -Throw
        { [OciTools.Platform]@{ OS = 'linux' } } | Should -Throw
    }
}

Describe '<Name>' -ForEach $cases {
    It 'has an approved verb' { (Get-Verb).Verb | Should -Contain $Command.Verb }
    It 'is a sealed class in OciTools.Commands' {
        $Command.ImplementingType.IsSealed | Should -BeTrue
        $Command.ImplementingType.Namespace | Should -BeExactly 'OciTools.Commands'
    }
    It 'says what it gives' { $Command.OutputType | Should -Not -BeNullOrEmpty }
    It 'has a help message for every parameter' {
        $common = [Management.Automation.PSCmdlet]::CommonParameters + [Management.Automation.PSCmdlet]::OptionalCommonParameters
        $silent = foreach ($parameter in $Command.Parameters.Values | Where-Object Name -NotIn $common) {
            if ($parameter.ParameterSets.Values.HelpMessage | Where-Object { -not $_ }) { $parameter.Name }
            elseif (-not @($parameter.ParameterSets.Values.HelpMessage)) { $parameter.Name }
        }
        $silent | Should -BeNullOrEmpty
    }
    It 'has LiteralPath, also called PSPath, beside Path' {
        # two images cannot be told apart by the name of a parameter, and a registry is no file
        if ($Name -eq 'Compare-Image' -or ($Command.Parameters.ContainsKey('Registry') -and -not $Command.Parameters.ContainsKey('Image'))) { return }
        $Command.Parameters.ContainsKey('Path') | Should -BeTrue
        $Command.Parameters['LiteralPath'].Aliases | Should -Contain 'PSPath'
    }
    It 'asks before it writes, if it writes' {
        if ($Command.Verb -notin 'Get', 'Compare', 'Measure', 'Test') { $Command.Parameters.ContainsKey('WhatIf') | Should -BeTrue }
        else { $Command.Parameters.ContainsKey('WhatIf') | Should -BeFalse }
    }
    It 'binds no digest, platform or tag by property name' {
        foreach ($name in 'Digest', 'Platform', 'Tag', 'Name') {
            if (-not $Command.Parameters.ContainsKey($name)) { continue }
            $Command.Parameters[$name].ParameterSets.Values.ValueFromPipelineByPropertyName | Should -Not -Contain $true
        }
    }
}

Describe 'What comes out' {
    It 'has a view of its own for <Type>' -ForEach $outputs {
        Get-FormatData -TypeName $Type | Should -Not -BeNullOrEmpty
    }
    It 'names no layer where a row of a history made none' {
        $rows = @(Get-ImageHistory "oci:$($World.Sample):1.0" -Platform linux/amd64)
        @($rows | Where-Object Layer -EQ $null).Count | Should -BeGreaterThan 0
        @($rows | Where-Object Layer -EQ $null | Get-LayerSize -ErrorAction Stop).Count | Should -Be 0
        @($rows | Get-LayerSize -ErrorAction Stop).Layer | Should -Be 2, 1, 0
    }
    It 'goes into <Name>, through the pipeline and by position' -ForEach $readers {
        $image = "oci:$($World.Sample):1.0"
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive $Name)).FullName
        $platforms = @(Get-ImageDigest $image -Detailed | Where-Object Platform -In 'linux/amd64', 'linux/arm64')
        $objects = @(
            Get-ImageManifest $image -Platform linux/amd64; Get-ImageDigest $image; Get-ImageConfig $image -Platform linux/amd64; @(Get-ImageHistory $image -Platform linux/amd64 | Where-Object Layer -NE $null)[0]
            @(Get-ImageLayer $image -Platform linux/amd64)[0]; @(Get-LayerSize $image -Platform linux/amd64)[0]; Get-Image -LiteralPath $World.Sample; Get-ImageTag $image -Detailed
            @(Export-ImageLayers $image -Platform linux/amd64 -Layer 0 -Destination $folder)[0]
            @(Get-ImageFile $image -Platform linux/amd64 -FilePath /etc/platform)[0]
            Expand-Image $image -Platform linux/amd64 -Destination (Join-Path $folder 'root')
            Copy-Image $image "oci:$folder/copy:1.0"; Add-ImageTag "oci:$folder/copy:1.0" -Tag 2.0
            Test-Image $image -Fast; @((Test-Image $image -Fast).Checks | Where-Object Layer -NE $null)[0]; (Measure-Image $image).Images[0]
            @(Compare-Image $platforms[0].Image $platforms[1].Image -Show Layer | Where-Object Layer -NE $null)[0]
        )
        # what more they need; and nothing is attached to the image
        $more = if ($Name -eq 'Get-ImageContent') { @{ FilePath = '/etc/platform' } } else { @{} }
        $least = if ($Name -eq 'Get-ImageReferrer') { 0 } else { 1 }
        foreach ($object in $objects) {
            $because = "$($object.GetType().Name) is '$($object.Image)'"
            @($object | & $Name @more -ErrorAction Stop).Count | Should -BeGreaterOrEqual $least -Because $because
            @(& $Name $object @more -ErrorAction Stop).Count | Should -BeGreaterOrEqual $least -Because $because
            "$object" | Should -BeExactly $object.Image
        }
    }
    It 'is a table by itself: a line for each, at most 120 wide, without control characters' {
        $image = "oci:$($World.Sample):1.0"
        foreach ($rows in (Get-ImageDigest $image -Detailed), (Get-ImageLayer $image), (Get-ImageHistory $image), (Get-Image -LiteralPath $World.Sample), (Get-ImageTag $image -Detailed)) {
            $PSStyle.OutputRendering = 'PlainText'
            $lines = ($rows | Out-String -Width 120) -split '\r?\n' | Where-Object { $_ }
            $lines.Count | Should -Be (@($rows).Count + 2)
            $lines | Where-Object { $_.Length -gt 120 -or $_ -match '[\x00-\x1f\x7f]' } | Should -BeNullOrEmpty
        }
    }
    It 'survives JSON and Clixml as itself' {
        $digest = Get-ImageDigest "oci:$($World.Sample):1.0"
        ($digest | ConvertTo-Json | ConvertFrom-Json).Digest | Should -BeExactly $digest.Digest
        $manifest = Get-ImageManifest "oci:$($World.Sample):1.0" -Platform linux/arm64
        $file = Join-Path $TestDrive 'manifest.xml'
        $manifest | Export-Clixml $file -Depth 1
        (Import-Clixml $file).Layers[0].Digest | Should -BeExactly $manifest.Layers[0].Digest
    }
}
