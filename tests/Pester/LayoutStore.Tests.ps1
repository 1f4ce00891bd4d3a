# A layout is safe for many processes at once, and for a process that is killed at any moment.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Peers.ps1')
    function New-Layout { Join-Path $TestDrive ([guid]::NewGuid().ToString('n')) }

    # A PowerShell of its own that runs a script with the module; its output goes into files.
    function Start-Pwsh([string] $Script, [string] $Name, [hashtable] $Environment = @{}) {
        $start = [Environment]::ProcessPath -match 'dotnet(\.exe)?$' ? @('exec', (Join-Path $PSHOME 'pwsh.dll')) : @()
        $code = "`$ProgressPreference = 'SilentlyContinue'; Import-Module '$($World.ModulePath)/OciTools.psd1'; $Script"
        $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($code))
        Start-Process ([Environment]::ProcessPath) -ArgumentList ($start + '-NoProfile', '-NonInteractive', '-OutputFormat', 'Text', '-EncodedCommand', $encoded) -PassThru `
            -Environment $Environment -RedirectStandardOutput "$Name.out" -RedirectStandardError "$Name.err"
    }

    function Wait-Pwsh([Diagnostics.Process[]] $Process, [string[]] $Name) {
        foreach ($one in $Process) { $one.WaitForExit() }
        foreach ($one in $Name) { Get-Content "$one.err" | ForEach-Object { throw "${one}: $_" } }
    }

    function Get-Entry([string] $Layout) { @((Get-Content -Raw "$Layout/index.json" | ConvertFrom-Json -AsHashtable).manifests) }

    function Get-NeededBlob([string] $Layout, [object[]] $Descriptors) {
        foreach ($descriptor in $Descriptors) {
            $descriptor.digest.Substring(7)
            if ($descriptor.mediaType -notmatch 'manifest|index') { continue }
            $document = Get-Content -Raw "$Layout/blobs/sha256/$($descriptor.digest.Substring(7))" | ConvertFrom-Json -AsHashtable
            Get-NeededBlob $Layout @(@($document['config']) + @($document['layers']) + @($document['manifests']) | Where-Object { $_ })
        }
    }

    # What is wrong with a layout, by sha256sum and its documents: nothing where all is well.
    function Get-Wrong([string] $Layout) {
        $files = @(Get-ChildItem "$Layout/blobs/sha256" -File)
        foreach ($line in @(if ($files) { sha256sum $files.FullName })) { if ($line.Substring(0, 64) -cne (Split-Path -Leaf $line.Substring(66))) { "$line holds other bytes" } }
        foreach ($name in Get-NeededBlob $Layout (Get-Entry $Layout)) { if ($name -notin $files.Name) { "$name is not there" } }
    }
}

Describe 'A layout' {
    It 'keeps every name that many processes give at once, also where .NET takes no locks' {
        $processes, $tags = $World['Slow'] ? (16, 50) : (4, 8)
        $layout = New-Layout
        $names = @(1..$processes | ForEach-Object { "$TestDrive/names-$_" })
        $running = @(1..$processes | ForEach-Object {
            $environment = $_ % 2 ? @{} : @{ DOTNET_SYSTEM_IO_DISABLEFILELOCKING = '1' }
            Start-Pwsh "Copy-Image 'oci:$($World.Sample):1.0' 'oci:${layout}:p$_' > `$null; 1..$tags | ForEach-Object { Add-ImageTag 'oci:${layout}:p$_' -Tag `"p$_-`$_`" > `$null }" "$TestDrive/names-$_" $environment
        })
        $reads = 0
        $most = 0
        while ($running | Where-Object { -not $_.HasExited }) {
            if (-not (Test-Path "$layout/oci-layout")) { Start-Sleep -Milliseconds 5; continue }
            foreach ($i in 1..50) {
                $count = [Text.Json.JsonDocument]::Parse([IO.File]::ReadAllText("$layout/index.json"), [Text.Json.JsonDocumentOptions]::new()).RootElement.GetProperty('manifests').GetArrayLength()
                $reads++
                $count | Should -BeGreaterOrEqual $most
                $most = $count
            }
        }
        Wait-Pwsh $running $names
        $given = @(Get-Entry $layout | ForEach-Object { $_.annotations['org.opencontainers.image.ref.name'] })
        $held = @(1..$processes | ForEach-Object { $p = $_; 1..$tags | Where-Object { "p$p-$_" -in $given } }).Count
        Write-Host "D1, names that $processes processes give at once: tried $($processes * $tags), held $held; the index was whole at each of $reads reads"
        $held | Should -Be ($processes * $tags)
        @($given | Sort-Object -Unique).Count | Should -Be ($processes * ($tags + 1))
        Get-Wrong $layout | Should -BeNullOrEmpty
    }

    It 'is whole when a process that pulls, gives a name or clears is killed, and clearing leaves nothing behind' {
        Skip-Without Registry
        $times = $World['Slow'] ? 500 : 3
        $random = [Random]::new(11)
        $held = 0
        $cut = 0
        foreach ($i in 1..$times) {
            $layout = New-Layout
            $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:first" -Platform linux/arm64
            $work = switch ($i % 3) {
                0 { "`$_ -gt 1 -and (Copy-Image '$($World.Registry)/fixture/multi:1.0' `"oci:${layout}:x`" -Force) > `$null; Copy-Image 'oci:$($World.Sample):1.0' `"oci:${layout}:x`" -Platform linux/amd64 -Force > `$null" }
                1 { "Add-ImageTag 'oci:${layout}:first' -Tag `"t`$_`" > `$null" }
                2 { "Copy-Image 'oci:$($World.Sample):1.0' `"oci:${layout}:x`" -Platform linux/amd64 -Force > `$null; Copy-Image 'oci:$($World.Sample):1.0' `"oci:${layout}:x`" -Platform linux/arm64 -Force > `$null; Clear-ImageStore 'oci:$layout' > `$null" }
            }
            $process = Start-Pwsh "`$null = Get-ImageDigest 'oci:$($World.Sample):1.0'; Set-Content '$layout.ready' x; 1..5000 | ForEach-Object { $work }; Set-Content '$layout.done' x" $layout
            while (-not (Test-Path "$layout.ready") -and -not $process.HasExited) { Start-Sleep -Milliseconds 2 }
            Start-Sleep -Milliseconds $random.Next(0, 250)
            $process.Kill()
            $process.WaitForExit()
            if (-not (Test-Path "$layout.done")) { $cut++ }
            $wrong = @(Get-Wrong $layout)
            if ('first' -notin @(Get-Entry $layout | ForEach-Object { $_.annotations['org.opencontainers.image.ref.name'] })) { $wrong += 'a name is gone' }
            $null = Clear-ImageStore "oci:$layout"
            $wrong += @(Get-Wrong $layout)
            $needed = @(Get-NeededBlob $layout (Get-Entry $layout) | Sort-Object -Unique)
            $wrong += @((Get-ChildItem "$layout/blobs/sha256" -File).Name | Where-Object { $_ -notin $needed })
            $wrong += @(Get-ChildItem "$layout/.ocitools" -Force | Where-Object Name -NotIn lock, sweep | ForEach-Object Name)
            if ($wrong) { Write-Host "$($i % 3): $($wrong -join '; ')" } else { $held++ }
            Remove-Item -Recurse -Force $layout, "$layout.*"
        }
        Write-Host "D2, killed while it pulls, tags or clears: tried $times, held $held"
        $held | Should -Be $times
        $cut | Should -BeGreaterThan ($times / 2) -Because 'it is killed before it is done'
    }

    It 'is cleared again and again while processes copy into it, and no image loses a blob' {
        Skip-Without Registry
        $pullers, $seconds = $World['Slow'] ? (8, 60) : (2, 1)
        $layout = New-Layout
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:first" -Platform linux/arm64
        # each takes its name from the one image for the other, so that there is always something to clear, and what one has just cleared another needs
        $puller = "`$count = 0; `$bad = 0; `$end = (Get-Date).AddSeconds($seconds); while (`$count -lt 6 -or (Get-Date) -lt `$end) { foreach (`$platform in 'linux/amd64', 'linux/arm64') { " +
        "`$null = Copy-Image '$($World.Registry)/fixture/multi:1.0' 'oci:${layout}:NAME' -Platform `$platform -Force -ErrorAction Stop; `$count++; if (-not (Test-Image 'oci:${layout}:NAME' -Quiet)) { `$bad++ } } }; `"`$count `$bad`""
        $names = @(1..$pullers | ForEach-Object { "$TestDrive/puller-$_" }) + "$TestDrive/clearer"
        $running = @(1..$pullers | ForEach-Object { Start-Pwsh ($puller -replace 'NAME', "p$_") "$TestDrive/puller-$_" })
        $clearer = "`$count = 0; `$gone = 0; while (-not (Test-Path '$layout.stop')) { `$gone += @(Clear-ImageStore 'oci:$layout' -ErrorAction Stop).Count; `$count++ }; `"`$count `$gone`""
        $clearing = Start-Pwsh $clearer "$TestDrive/clearer"
        foreach ($process in $running) { $process.WaitForExit() }
        Set-Content "$layout.stop" x
        Wait-Pwsh (@($running) + $clearing) $names
        $copies = $bad = 0
        foreach ($name in $names | Select-Object -SkipLast 1) { [int] $c, [int] $b = @(Get-Content "$name.out")[-1] -split ' '; $copies += $c; $bad += $b }
        [int] $cleared, [int] $gone = @(Get-Content "$TestDrive/clearer.out")[-1] -split ' '
        Write-Host "D4, copies of $pullers processes beside clearing: tried $copies, held $($copies - $bad); cleared $cleared times, $gone files"
        $bad | Should -Be 0
        $copies | Should -BeGreaterThan $pullers
        $gone | Should -BeGreaterThan 0
        Get-Wrong $layout | Should -BeNullOrEmpty
    }

    It 'is read from a medium that cannot be written, and each writing is one clear error without a trace' {
        if ([Environment]::UserName -ne 'root' -or -not $IsLinux) { Set-ItResult -Skipped -Because 'mounting needs root'; return }
        $layout = New-Layout
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:1.0"
        Set-Content "$layout/blobs/sha256/$('b' * 64)" 'lost'
        Remove-Item -Recurse -Force "$layout/.ocitools"
        $folder = (New-Item -ItemType Directory (New-Layout)).FullName
        mount --bind $layout $folder
        mount -o remount,bind,ro $folder
        $ErrorActionPreference = 'Continue'
        try {
            $before = @(Get-ChildItem $folder -Recurse -Force).FullName
            $image = "oci:${folder}:1.0"
            $reads = [ordered]@{
                digest = { Get-ImageDigest $image }; manifest = { Get-ImageManifest $image }; config = { Get-ImageConfig $image -Platform linux/amd64 }; history = { Get-ImageHistory $image -Platform linux/amd64 }
                layer = { Get-ImageLayer $image -Platform linux/amd64 }; size = { Get-LayerSize $image -Platform linux/amd64 }; file = { Get-ImageFile $image -Platform linux/amd64 }; list = { Get-Image -LiteralPath $folder }
                tags = { Get-ImageTag $image }; test = { Test-Image $image }; measure = { Measure-Image $image }; copy = { Copy-Image $image "oci:$(New-Layout):x" }; again = { Copy-Image "oci:$($World.Sample):1.0" $image }
                whatif = { Clear-ImageStore "oci:$folder" -WhatIf }
            }
            $writes = [ordered]@{
                copy = { Copy-Image "oci:$($World.Sample):1.0" "oci:${folder}:x" -Platform linux/arm64 }; tag = { Add-ImageTag $image -Tag x }; force = { Copy-Image "oci:$($World.Sample):1.0" $image -Platform linux/arm64 -Force }
                nameless = { Copy-Image "oci:$($World.Sample):1.0" "oci:$folder" -Platform linux/arm64 }; clear = { Clear-ImageStore "oci:$folder" }
            }
            $held = 0
            foreach ($name in $reads.Keys) {
                $Error.Clear()
                $found = @(& $reads[$name] 2> $null)
                if ($Error.Count -or (-not $found -and $name -ne 'whatif')) { Write-Host "${name}: $Error" } else { $held++ }
            }
            foreach ($name in $writes.Keys) {
                $Error.Clear()
                $found = @(& $writes[$name] 2> $null)
                if ($found -or $Error.Count -ne 1 -or $Error[0].FullyQualifiedErrorId -notlike 'WriteFailed,*') { Write-Host "${name}: $($Error.FullyQualifiedErrorId)" } else { $held++ }
            }
            Write-Host "D6, a store that cannot be written: tried $($reads.Count + $writes.Count), held $held"
            $held | Should -Be ($reads.Count + $writes.Count)
            @(Get-ChildItem $folder -Recurse -Force).FullName | Should -Be $before
        }
        finally { umount $folder }
    }

    It 'takes over what a stopped pull has left, from a real registry' {
        Skip-Without Registry
        # a layer that is large enough to be worth it, and a process that is killed in the middle
        $source = New-Layout
        $folder = (New-Item -ItemType Directory (New-Layout)).FullName
        $bytes = [byte[]]::new(40MB)
        [Random]::new(3).NextBytes($bytes)
        [IO.File]::WriteAllBytes("$folder/large", $bytes)
        tar -C $folder -cf "$folder.tar" large
        $digest = (Get-FileSha256 "$folder.tar").Substring(7)
        $blobs = (New-Item -ItemType Directory "$source/blobs/sha256").FullName
        Move-Item "$folder.tar" "$blobs/$digest"
        function Add-Document([string] $Text) { $name = [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData([Text.Encoding]::UTF8.GetBytes($Text))).ToLowerInvariant(); [IO.File]::WriteAllText("$blobs/$name", $Text); $name }
        $config = '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:' + $digest + '"]}}'
        $manifest = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:' + (Add-Document $config) + '","size":' + $config.Length +
        '},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:' + $digest + '","size":' + (Get-Item "$blobs/$digest").Length + '}]}'
        $entry = '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:' + (Add-Document $manifest) + '","size":' + $manifest.Length + ',"annotations":{"org.opencontainers.image.ref.name":"x"}}'
        [IO.File]::WriteAllText("$source/oci-layout", '{"imageLayoutVersion":"1.0.0"}')
        [IO.File]::WriteAllText("$source/index.json", '{"schemaVersion":2,"manifests":[' + $entry + ']}')
        $image = "$($World.Registry)/resume/$([guid]::NewGuid().ToString('n')):1"
        $null = Copy-Image "oci:${source}:x" $image

        $layout = New-Layout
        $null = Copy-Image $image "oci:${layout}:whole"
        $null = New-Item -ItemType Directory "$layout-2/.ocitools" -Force
        $part = "$layout-2/.ocitools/sha256-$digest.killed.partial"
        [IO.File]::WriteAllBytes($part, [IO.File]::ReadAllBytes("$layout/blobs/sha256/$digest")[0..(25MB - 1)])
        $said = Copy-Image $image "oci:$layout-2:x" -Verbose -Debug 4>&1 5>&1
        @($said -match "^GET .*/blobs/sha256:$digest 206|^GET .*/blobs/sha256:$digest .*206").Count | Should -Be 1
        (Test-Image "oci:$layout-2:x").Passed | Should -BeTrue
        $part | Should -Not -Exist
    }
}
