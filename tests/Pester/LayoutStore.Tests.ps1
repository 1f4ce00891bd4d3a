# A layout is safe for many processes at once, and for a process that is killed at any moment.
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    function New-Layout { Join-Path $TestDrive ([guid]::NewGuid().ToString('n')) }

    function Wait-Pwsh([Diagnostics.Process[]] $Process, [string[]] $Name) {
        foreach ($one in $Process) { $one.WaitForExit() }
        foreach ($one in $Name) { Get-Content "$one.err" | ForEach-Object { throw "${one}: $_" } }
    }

    function Get-Entry([string] $Layout) { @((Get-Content -Raw "$Layout/index.json" | ConvertFrom-Json -AsHashtable).manifests) }

    # What is wrong with a layout, by sha256sum and its documents: nothing where all is well.
    function Get-Wrong([string] $Layout) {
        $files = @(Get-ChildItem "$Layout/blobs/sha256" -File)
        foreach ($line in @(if ($files) { sha256sum $files.FullName })) { if ($line.Substring(0, 64) -cne (Split-Path -Leaf $line.Substring(66))) { "$line holds other bytes" } }
        foreach ($name in Get-NeededBlob $Layout (Get-Entry $Layout)) { if ($name -notin $files.Name) { "$name is not there" } }
    }

    function Add-Blob([string] $Layout, [string] $MediaType, [byte[]] $Bytes) {
        $name = [Convert]::ToHexStringLower([Security.Cryptography.SHA256]::HashData($Bytes))
        [IO.File]::WriteAllBytes("$Layout/blobs/sha256/$name", $Bytes)
        [ordered]@{ mediaType = "application/vnd.oci.image.$MediaType"; digest = "sha256:$name"; size = $Bytes.Length }
    }

    # A layout of images, each of some layers; layers with the same name are the same.
    function New-ImageSet([string] $Layout, [hashtable[]] $Image) {
        $null = New-Item -ItemType Directory "$Layout/blobs/sha256"
        [IO.File]::WriteAllText("$Layout/oci-layout", '{"imageLayoutVersion":"1.0.0"}')
        $random = [Random]::new(7)
        $made = @{}
        $entries = foreach ($one in $Image) {
            $layers = foreach ($name in $one.Layers) {
                if (-not $made[$name]) {
                    $content = [byte[]]::new(300KB)
                    $random.NextBytes($content)
                    $memory = [IO.MemoryStream]::new()
                    $writer = [Formats.Tar.TarWriter]::new($memory)
                    $file = [Formats.Tar.PaxTarEntry]::new('RegularFile', $name)
                    $file.DataStream = [IO.MemoryStream]::new($content)
                    $writer.WriteEntry($file)
                    $writer.Dispose()
                    $made[$name] = Add-Blob $Layout layer.v1.tar $memory.ToArray()
                }
                $made[$name]
            }
            $config = @{ architecture = 'amd64'; os = 'linux'; author = $one.Name; rootfs = @{ type = 'layers'; diff_ids = @($layers.digest) } }
            $manifest = [ordered]@{ schemaVersion = 2; config = Add-Blob $Layout config.v1+json ([Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $config -Depth 5))); layers = @($layers) }
            $entry = Add-Blob $Layout manifest.v1+json ([Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $manifest -Depth 5)))
            $entry.annotations = @{ 'org.opencontainers.image.ref.name' = $one.Name }
            $entry
        }
        [IO.File]::WriteAllText("$Layout/index.json", (ConvertTo-Json ([ordered]@{ schemaVersion = 2; manifests = @($entries) }) -Depth 5))
    }

    # Reads an index again and again on a thread of its own, as fast as it can; each time it must be whole and have lost no entry.
    Add-Type -TypeDefinition @'
        namespace OciToolsTests
        {
            public sealed class IndexReader
            {
                private readonly string _path;
                private readonly int _pause;
                private readonly System.Threading.Thread _thread;
                private volatile bool _isStopped;
                private long _reads;

                public IndexReader(string path, int pause)
                {
                    _path = path;
                    _pause = pause;
                    _thread = new System.Threading.Thread(Read) { IsBackground = true };
                    _thread.Start();
                }

                public long Reads => System.Threading.Interlocked.Read(ref _reads);
                public long Changes { get; private set; }
                public System.Collections.Generic.List<string> Wrong { get; } = new();

                public void Stop()
                {
                    _isStopped = true;
                    _thread.Join();
                }

                private void Read()
                {
                    byte[] last = System.Array.Empty<byte>();
                    int most = 0;
                    while (!_isStopped)
                    {
                        try
                        {
                            byte[] bytes = System.IO.File.ReadAllBytes(_path);
                            if (!System.MemoryExtensions.SequenceEqual<byte>(bytes, last))
                            {
                                using var index = System.Text.Json.JsonDocument.Parse(bytes);
                                int count = 0;
                                foreach (var entry in index.RootElement.GetProperty("manifests").EnumerateArray())
                                {
                                    if (entry.GetProperty("digest").GetString().Length != 71 || entry.GetProperty("size").GetInt64() <= 0) Wrong.Add("an entry is wrong");
                                    count++;
                                }

                                if (count < most) Wrong.Add("there were " + most + " entries and are " + count);
                                most = count;
                                last = bytes;
                                Changes++;
                            }
                        }
                        catch (System.Exception e)
                        {
                            Wrong.Add(e.Message);
                        }

                        System.Threading.Interlocked.Increment(ref _reads);
                        if (_pause > 0) System.Threading.Thread.Sleep(_pause);
                    }
                }
            }
        }
'@
}

Describe 'A layout' {
    It 'keeps every name that many processes give at once, also where .NET takes no locks' {
        $processes, $tags, $reads = $World['Slow'] ? (16, 50, 100000) : (4, 8, 1000)
        $layout = New-Layout
        $names = @(1..$processes | ForEach-Object { "$TestDrive/names-$_" })
        # when it has given its names each goes on moving one from image to image, until the index was read often enough
        $script = "Copy-Image 'oci:$($World.Sample):1.0' 'oci:${layout}:pN' > `$null; Copy-Image 'oci:$($World.Sample):1.0' 'oci:${layout}:qN' -Platform linux/arm64 > `$null
            1..$tags | ForEach-Object { Add-ImageTag 'oci:${layout}:pN' -Tag `"pN-`$_`" > `$null }; Set-Content '$layout.given-N' x
            do { foreach (`$from in 'p', 'q') { Add-ImageTag `"oci:${layout}:`${from}N`" -Tag turnN -Force > `$null } } until (Test-Path '$layout.stop')"
        $running = @(1..$processes | ForEach-Object {
            Start-FreshPwsh ($script -creplace 'N\b', "$_") "$TestDrive/names-$_" ($_ % 2 ? @{} : @{ DOTNET_SYSTEM_IO_DISABLEFILELOCKING = '1' })
        })
        while (-not (Test-Path "$layout/oci-layout") -and ($running | Where-Object { -not $_.HasExited })) { Start-Sleep -Milliseconds 5 }
        $reader = [OciToolsTests.IndexReader]::new("$layout/index.json", ($World['Slow'] ? 0 : 1))
        try {
            while (-not ($running | Where-Object HasExited) -and ($reader.Reads -lt $reads -or @(Get-ChildItem "$layout.given-*").Count -lt $processes)) { Start-Sleep -Milliseconds 20 }
        }
        finally {
            Set-Content "$layout.stop" x
            foreach ($process in $running) { $process.WaitForExit() }
            $reader.Stop()
        }
        Wait-Pwsh $running $names
        $given = @(Get-Entry $layout | ForEach-Object { $_.annotations['org.opencontainers.image.ref.name'] })
        $held = @(1..$processes | ForEach-Object { $p = $_; 1..$tags | Where-Object { "p$p-$_" -in $given } }).Count
        Write-Host "D1, names that $processes processes give at once: tried $($processes * $tags), held $held"
        Write-Host "D1, reads of the index meanwhile: tried $($reader.Reads), held $($reader.Reads - $reader.Wrong.Count); it was another one $($reader.Changes) times"
        $held | Should -Be ($processes * $tags)
        $reader.Wrong | Should -BeNullOrEmpty
        $reader.Reads | Should -BeGreaterOrEqual $reads
        $reader.Changes | Should -BeGreaterThan ($processes * $tags / 2)
        @($given | Sort-Object -Unique).Count | Should -Be ($processes * ($tags + 3))
        Get-Wrong $layout | Should -BeNullOrEmpty
    }

    It 'is whole when a process that pulls, gives names, imports or clears is killed, and clearing leaves nothing behind' {
        Skip-Without Registry
        $times = $World['Slow'] ? 500 : 4
        $random = [Random]::new(11)
        $source = New-Layout
        $images = @(1..6 | ForEach-Object { "i$_" })
        New-ImageSet $source @($images | ForEach-Object { @{ Name = $_; Layers = @($_, 'shared') } })
        $repository = "$($World.Registry)/killed/$([guid]::NewGuid().ToString('n'))"
        $null = $images | ForEach-Object { Copy-Image "oci:${source}:$_" "${repository}:$_" -ErrorAction Stop }
        tar -C $source -cf "$source.tar" .
        $held = @{}
        $tried = @{}
        $cut = 0
        foreach ($i in 1..$times) {
            $layout = New-Layout
            $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:first" -Platform linux/arm64
            $kind = 'pull', 'tag', 'import', 'clear' | Select-Object -Index ($i % 4)
            # what has been said to be done is written down, and must be there whenever the process ends
            $work = switch ($kind) {
                'pull' { "Copy-Image `"${repository}:i`$n`" `"oci:${layout}:x`$n`" -Force > `$null; & `$done `"x`$n`"" }
                'tag' { "Add-ImageTag 'oci:${layout}:first' -Tag `"t`$_`" > `$null; & `$done `"t`$_`"" }
                'import' { "Copy-Image `"oci-archive:$source.tar:i`$n`" `"oci:${layout}:x`$n`" -Force > `$null; & `$done `"x`$n`"" }
                'clear' { "Copy-Image `"oci:${source}:i`$n`" 'oci:${layout}:x' -Force > `$null; & `$done x; Clear-ImageStore 'oci:$layout' > `$null" }
            }
            $process = Start-FreshPwsh "`$done = { param(`$name) [IO.File]::AppendAllText('$layout.names', `"`$name``n`") }; `$null = Get-ImageDigest 'oci:${source}:i1'; Set-Content '$layout.ready' x
                1..5000 | ForEach-Object { `$n = 1 + `$_ % 6; $work }; Set-Content '$layout.done' x" $layout
            while (-not (Test-Path "$layout.ready") -and -not $process.HasExited) { Start-Sleep -Milliseconds 2 }
            Start-Sleep -Milliseconds $random.Next(0, 400)
            $process.Kill()
            $process.WaitForExit()
            if (-not (Test-Path "$layout.done")) { $cut++ }
            $wrong = @(Get-Wrong $layout)
            $there = @(Get-Entry $layout | ForEach-Object { $_.annotations['org.opencontainers.image.ref.name'] })
            $said = @('first') + @(if (Test-Path "$layout.names") { [IO.File]::ReadAllText("$layout.names") -split "`n" | Where-Object { $_ } })
            $wrong += @($said | Where-Object { $_ -notin $there } | ForEach-Object { "the name $_ is gone" })
            $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:last"
            if (-not (Test-Image "oci:${layout}:last" -Quiet)) { $wrong += 'nothing can be copied into it any more' }
            $null = Clear-ImageStore "oci:$layout"
            $wrong += @(Get-Wrong $layout)
            $needed = @(Get-NeededBlob $layout (Get-Entry $layout) | Sort-Object -Unique)
            $wrong += @((Get-ChildItem "$layout/blobs/sha256" -File).Name | Where-Object { $_ -notin $needed })
            $wrong += @(Get-ChildItem "$layout/.ocitools" -Force | Where-Object Name -NotIn lock, sweep | ForEach-Object Name)
            $tried[$kind]++
            if ($wrong) { Write-Host "${kind}: $($wrong -join '; ')" } else { $held[$kind]++ }
            Remove-Item -Recurse -Force $layout, "$layout.*"
        }
        foreach ($kind in $tried.Keys | Sort-Object) { Write-Host "D2, killed in ${kind}: tried $($tried[$kind]), held $($held[$kind])" }
        ($held.Values | Measure-Object -Sum).Sum | Should -Be $times
        $cut | Should -BeGreaterThan ($times / 2) -Because 'it is killed before it is done'
    }

    It 'is cleared again and again while processes copy into it, and no image loses a blob' {
        Skip-Without Registry
        $pullers, $seconds = $World['Slow'] ? (8, 60) : (2, 1)
        $layout = New-Layout
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:first" -Platform linux/arm64
        # Each gives its one name to images of its own in turn, so that there is always something to clear; and all share a layer in each, so
        # that what one has just cleared another needs.
        $turns = 'a', 'b', 'c', 'd'
        $source = New-Layout
        New-ImageSet $source @(foreach ($p in 1..$pullers) { foreach ($turn in $turns) { @{ Name = "p$p-$turn"; Layers = @("p$p-$turn", "shared-$turn") } } })
        $repository = "$($World.Registry)/cleared/$([guid]::NewGuid().ToString('n'))"
        $null = foreach ($p in 1..$pullers) { foreach ($turn in $turns) { Copy-Image "oci:${source}:p$p-$turn" "${repository}:p$p-$turn" -ErrorAction Stop } }
        $puller = "`$count = 0; `$bad = 0; `$end = (Get-Date).AddSeconds($seconds); while (`$count -lt 8 -or (Get-Date) -lt `$end) { foreach (`$turn in '$($turns -join "', '")') { " +
        "`$null = Copy-Image `"${repository}:NAME-`$turn`" 'oci:${layout}:NAME' -Force -ErrorAction Stop; `$count++; if (-not (Test-Image 'oci:${layout}:NAME' -Quiet)) { `$bad++ } } }; `"`$count `$bad`""
        $names = @(1..$pullers | ForEach-Object { "$TestDrive/puller-$_" }) + "$TestDrive/clearer"
        $running = @(1..$pullers | ForEach-Object { Start-FreshPwsh ($puller -replace 'NAME', "p$_") "$TestDrive/puller-$_" })
        $clearer = "`$count = 0; `$gone = 0; while (-not (Test-Path '$layout.stop')) { `$gone += @(Clear-ImageStore 'oci:$layout' -ErrorAction Stop).Count; `$count++ }; `"`$count `$gone`""
        $clearing = Start-FreshPwsh $clearer "$TestDrive/clearer"
        foreach ($process in $running) { $process.WaitForExit() }
        Set-Content "$layout.stop" x
        Wait-Pwsh (@($running) + $clearing) $names
        $copies = $bad = 0
        foreach ($name in $names | Select-Object -SkipLast 1) { [int] $c, [int] $b = @(Get-Content "$name.out")[-1] -split ' '; $copies += $c; $bad += $b }
        [int] $cleared, [int] $gone = @(Get-Content "$TestDrive/clearer.out")[-1] -split ' '
        Write-Host "D4, copies of $pullers processes beside clearing: tried $copies, held $($copies - $bad); cleared $cleared times, $gone files"
        $bad | Should -Be 0
        $copies | Should -BeGreaterThan $pullers
        $gone | Should -BeGreaterThan ($World['Slow'] ? 1000 : 4) -Because 'a manifest, a config and a layer are of no use after each copy'
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
        head -c 25M "$layout/blobs/sha256/$digest" > $part
        $said = Copy-Image $image "oci:$layout-2:x" -Verbose -Debug 4>&1 5>&1
        @($said -match "^GET .*/blobs/sha256:$digest 206|^GET .*/blobs/sha256:$digest .*206").Count | Should -Be 1
        (Test-Image "oci:$layout-2:x").Passed | Should -BeTrue
        $part | Should -Not -Exist
    }
}
