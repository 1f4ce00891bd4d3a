# Commands that write, stopped at any moment while a slow line leads to a real registry: they end at once and leave nothing.
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'SlowLine.ps1')

    # An image of some incompressible layers and a config, in a layout of its own.
    function New-LargeLayout([string] $Layout, [int] $Layers, [int] $Size) {
        $blobs = (New-Item -ItemType Directory (Join-Path $Layout 'blobs' 'sha256')).FullName
        $random = [Random]::new(5)
        function Add-Blob([byte[]] $Bytes, [string] $MediaType) {
            $hex = [Convert]::ToHexStringLower([Security.Cryptography.SHA256]::HashData($Bytes))
            [IO.File]::WriteAllBytes((Join-Path $blobs $hex), $Bytes)
            [ordered]@{ mediaType = $MediaType; digest = "sha256:$hex"; size = $Bytes.Length }
        }
        $entries = 1..$Layers | ForEach-Object { $bytes = [byte[]]::new($Size); $random.NextBytes($bytes); Add-Blob $bytes 'application/vnd.oci.image.layer.v1.tar' }
        $config = Add-Blob ([Text.Encoding]::UTF8.GetBytes((@{ architecture = 'amd64'; os = 'linux'; rootfs = @{ type = 'layers'; diff_ids = @($entries.digest) } } | ConvertTo-Json -Depth 5))) 'application/vnd.oci.image.config.v1+json'
        $manifest = Add-Blob ([Text.Encoding]::UTF8.GetBytes(([ordered]@{ schemaVersion = 2; mediaType = 'application/vnd.oci.image.manifest.v1+json'; config = $config; layers = @($entries) } | ConvertTo-Json -Depth 5))) 'application/vnd.oci.image.manifest.v1+json'
        $manifest.annotations = @{ 'org.opencontainers.image.ref.name' = 'x' }
        Set-Content (Join-Path $Layout 'oci-layout') '{"imageLayoutVersion":"1.0.0"}'
        @{ schemaVersion = 2; manifests = @($manifest) } | ConvertTo-Json -Depth 5 | Set-Content (Join-Path $Layout 'index.json')
    }

    # The uploads that a registry of the tests still has. docker-registry 2.8.2 puts a hash state back into the folder of an upload that it has
    # just deleted; that is none any more, and 404 is the answer for it.
    function Get-OpenUpload([string] $Name) {
        $repositories = Join-Path $World.Folder $Name 'docker' 'registry' 'v2' 'repositories' 'stopped'
        @('startedat', 'data' | ForEach-Object { Get-Item (Join-Path $repositories '*' '_uploads' '*' $_) -ErrorAction Ignore })
    }

    function Get-ChildProcess { @(pgrep -P $PID) }

    # Stops a command after some time in one of three ways; gives the seconds that it took to end, or nothing where it was done before.
    function Stop-Command([string] $Way, [string] $Command, [hashtable] $Parameters, [int] $Milliseconds) {
        $module = Join-Path $World.ModulePath 'OciTools.psd1'
        if ($Way -eq 'job') {
            $job = Start-ThreadJob { Import-Module $args[0]; $name, $with = $args[1], $args[2]; 'ready'; & $name @with } -ArgumentList $module, $Command, $Parameters
            while (-not $job.HasMoreData -and $job.State -notin 'Completed', 'Failed') { Start-Sleep -Milliseconds 2 }
            Start-Sleep -Milliseconds $Milliseconds
            $isDone = $job.State -in 'Completed', 'Failed'
            $clock = [Diagnostics.Stopwatch]::StartNew()
            Stop-Job $job
            $clock.Stop()
            Remove-Job $job -Force
        }
        elseif ($Way -eq 'Ctrl+C') {
            $file = Join-Path $TestDrive ([guid]::NewGuid().ToString('n'))
            $Parameters | Export-Clixml "$file.xml"
            $process = Start-FreshPwsh "`$with = Import-Clixml '$file.xml'; Set-Content '$file' ready; $Command @with" $file
            while (-not (Test-Path $file) -and -not $process.HasExited) { Start-Sleep -Milliseconds 2 }
            # the first request of a process is slower than the others
            Start-Sleep -Milliseconds ($Milliseconds + 200)
            $isDone = $process.HasExited
            $clock = [Diagnostics.Stopwatch]::StartNew()
            kill -INT $process.Id
            $null = $process.WaitForExit(20000)
            $clock.Stop()
        }
        else {
            $shell = [powershell]::Create()
            try {
                $null = $shell.AddCommand('Import-Module').AddParameter('Name', $module).Invoke()
                $shell.Commands.Clear()
                $null = $shell.AddCommand($Command).AddParameters($Parameters)
                $running = $shell.BeginInvoke()
                Start-Sleep -Milliseconds $Milliseconds
                $isDone = $running.IsCompleted
                $clock = [Diagnostics.Stopwatch]::StartNew()
                $shell.Stop()
                $null = $running.AsyncWaitHandle.WaitOne(20000)
                $clock.Stop()
            }
            finally { $shell.Dispose() }
        }
        if (-not $isDone) { $clock.Elapsed.TotalSeconds }
    }
}

Describe 'Stopping what writes' {
    It 'ends within two seconds of the stop at any moment, and leaves neither files nor processes nor open uploads' {
        Skip-Without Registry, BasicRegistry
        $random = [Random]::new(11)
        $times = $World['Slow'] ? 100 : 5
        $layout = Join-Path $TestDrive 'large'
        New-LargeLayout $layout 3 2000000
        $sample = "oci:$($World.Sample):1.0"
        $whole = Copy-Image "oci:${layout}:x" "$($World.Registry)/stopped/source:x"
        $multi = Copy-Image $sample "$($World.Registry)/stopped/source:multi"
        $slow = [OciTools.Tests.SlowLine]::new(($World.Registry -split ':')[1], 6MB, 15)
        $login = [OciTools.Tests.SlowLine]::new(($World.BasicRegistry -split ':')[1], 6MB, 15)
        $place = "127.0.0.1:$($slow.Port)"
        $temporary = (New-Item -ItemType Directory (Join-Path $TestDrive 'temporary')).FullName
        $before = $env:TMPDIR
        $children = Get-ChildProcess

        # an upload that is open is seen, and one that was ended is not
        $open = Invoke-WebRequest "http://$($World.Registry)/v2/stopped/open/blobs/uploads/" -Method Post -NoProxy
        Get-OpenUpload 'registry' | Should -Not -BeNullOrEmpty
        $null = Invoke-WebRequest ([string]$open.Headers.Location) -Method Delete -NoProxy
        Get-OpenUpload 'registry' | Should -BeNullOrEmpty
        $tried = 0
        $late = 0
        $failures = [Collections.Generic.List[string]]::new()
        try {
            $env:TMPDIR = $temporary
            while ($tried -lt $times) {
                $late | Should -BeLessThan ($times * 2 + 10) -Because 'most are stopped before they are done'
                $i = $tried + $late
                $name = "stopped/n$i"
                $command, $with, $longest = switch ($i % 7) {
                    0 { 'Copy-Image', @{ Image = "oci:${layout}:x"; Destination = "$place/${name}:x" }, 1300 }
                    1 { 'Copy-Image', @{ Image = "$place/stopped/source:x"; Destination = "oci:$(Join-Path $TestDrive "pulled$i"):x" }, 1100 }
                    2 { 'Add-ImageTag', @{ Image = "$place/stopped/source:multi"; Tag = "tag$i" }, 120 }
                    3 { 'New-ImageIndex', @{ Image = "$place/stopped/source:x"; Destination = "$place/${name}:index" }, 400 }
                    4 {
                        foreach ($tag in 'a', 'b') { $null = Copy-Image $sample "$($World.Registry)/${name}:$tag" }
                        'Remove-Image', @{ Image = "$place/${name}:a"; Confirm = $false }, 500
                    }
                    5 { 'Connect-ImageRegistry', @{ Registry = "127.0.0.1:$($login.Port)"; Credential = [pscredential]::new('tester', (ConvertTo-SecureString $World.Password -AsPlainText -Force)) }, 100 }
                    6 { 'Copy-Image', @{ Image = $sample; Destination = "$place/${name}:x" }, 500 }
                }
                $way = ('pipeline', 'job', 'Ctrl+C')[($World['Slow'] ? [int][Math]::Floor($i / 7) : $i) % ($World['Slow'] ? 3 : 2)]
                $moment = $random.Next($longest)
                $seconds = Stop-Command $way $command $with $moment
                if ($null -eq $seconds) { $late++; continue }
                $tried++

                $wrong = @()
                if ($seconds -gt 2) { $wrong += "it took $seconds s" }
                # what was handed to the system before the stop may still be on its way
                $clock = [Diagnostics.Stopwatch]::StartNew()
                do {
                    $bytes = $slow.Bytes + $login.Bytes
                    Start-Sleep -Milliseconds 120
                } while ($slow.Bytes + $login.Bytes -ne $bytes -and $clock.Elapsed.TotalSeconds -lt 2)
                if ($slow.Bytes + $login.Bytes -ne $bytes) { $wrong += 'bytes still go' }
                if ($left = Get-ChildItem $temporary -Force | Where-Object Name -NotMatch '^(clr-debug-pipe|dotnet-diagnostic|CoreFxPipe)') { $wrong += "temporary files: $($left.Name)" }
                if ($more = Get-ChildProcess | Where-Object { $_ -notin $children }) { $wrong += "processes: $more" }
                # the registry itself may still look at the end of a connection
                $clock = [Diagnostics.Stopwatch]::StartNew()
                while (($uploads = Get-OpenUpload 'registry') -and $clock.Elapsed.TotalSeconds -lt 2) { Start-Sleep -Milliseconds 50 }
                if ($uploads) { $wrong += "open uploads: $($uploads.FullName)" }
                switch ($command) {
                    'Add-ImageTag' { $tags = @(Get-ImageTag "$($World.Registry)/stopped/source" -Detailed | Where-Object Tag -EQ "tag$i"); if ($tags -and $tags.Digest -cne $multi.DestinationDigest) { $wrong += 'the tag is another image' } }
                    'Remove-Image' {
                        $tags = @(Get-ImageTag "$($World.Registry)/$name" -Detailed)
                        if ('b' -notin $tags.Tag -or @($tags.Digest -cne $multi.DestinationDigest)) { $wrong += "tags: $($tags.Tag) $($tags.Digest)" }
                    }
                    'Copy-Image' {
                        $expected = $with.Image -eq $sample ? $multi.DestinationDigest : $whole.DestinationDigest
                        $target = $with.Destination.Replace($place, $World.Registry)
                        $isLayout = $target.StartsWith('oci:')
                        $folder = $isLayout ? $target.Substring(4, $target.Length - 6) : $null
                        $there = if (-not $isLayout -or (Test-Path (Join-Path $folder 'index.json'))) { Get-ImageDigest $target -ErrorAction Ignore }
                        if ($there -and ($there.Digest -cne $expected -or -not (Test-Image $target -Quiet))) { $wrong += 'the name is given to something else' }
                        if ($isLayout -and (Test-Path $folder)) {
                            $wrong += @(Get-ChildItem (Join-Path $folder 'blobs' 'sha256') -ErrorAction Ignore | Where-Object { (Get-FileSha256 $_.FullName) -cne "sha256:$($_.Name)" } | ForEach-Object { "half a blob: $_" })
                        }
                        # nothing stands in the way of the next one
                        if ((Copy-Image $with.Image.Replace($place, $World.Registry) $target).DestinationDigest -cne $expected) { $wrong += 'the next copy is another image' }
                    }
                }
                if ($wrong) { $failures.Add("$command ($way after $moment ms): $($wrong -join '; ')") }
            }
        }
        finally {
            $env:TMPDIR = $before
            $slow.Dispose()
            $login.Dispose()
            Disconnect-ImageRegistry "127.0.0.1:$($login.Port)" -ErrorAction Ignore
        }
        Write-Host "F5, commands that write and are stopped: tried $tried, held $($tried - $failures.Count) ($late were done before)"
        $failures | Should -BeNullOrEmpty
        # connections that wait for the next request are few, however many were stopped
        @([Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties().GetActiveTcpConnections() | Where-Object { $_.RemoteEndPoint.Port -eq $slow.Port -and $_.State -eq 'Established' }).Count | Should -BeLessThan 16
    }
}
